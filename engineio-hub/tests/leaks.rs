//! Of clients that come and go in every wrong way, nothing is left behind.

mod common;
#[path = "common/heap.rs"]
mod heap;

use core::future::poll_fn;
use core::time::Duration;

use engineio_proto::server::Failure;

use common::polling::Polling;
use common::websocket::{Seen, WebSocket};
use common::world::World;

const CLIENTS: usize = 1000;

/// What a server keeps for ever: room for up to 64 sessions and 64 deadlines in each of
/// its 16 shards.
const ALLOWED: isize = 128 << 10;

/// Ping interval, ping time-out and linger, with a little more. No other deadline is
/// further away, and no entry in the queue of deadlines outlives its deadline.
const WAIT: Duration = Duration::from_secs(25 + 20 + 5 + 1);

/// Runs the same crowd twice: what the second leaves behind is what grows.
fn leaves_nothing<F: Future<Output = ()> + Send + 'static>(app: fn(&World), crowd: fn(World) -> F) {
    let world = World::new();
    app(&world);
    let client = world.clone();
    world.run(async move {
        let mut before = heap::live();
        for round in 0..2 {
            crowd(client.clone()).await;
            let peak = heap::live() - before;
            client.sleep(WAIT).await;
            assert_eq!(client.hub.len(), 0);
            client.log.clear();
            let left = heap::live() - before;
            println!("round {round}: {peak} bytes with the crowd, {left} after it");
            assert!(left < ALLOWED, "{left} bytes");
            if round == 1 {
                assert!(left < ALLOWED / 8, "{left} bytes more");
            }
            before = heap::live();
        }
        // No connection is open any more either.
        client.hub.close(Duration::ZERO);
        poll_fn(|cx| client.hub.poll_closed(cx)).await;
        assert!(client.elapsed() < WAIT * 2 + Duration::from_secs(1));
    });
}

#[test]
fn of_a_websocket_that_is_reset_after_its_101() {
    leaves_nothing(World::echo, |world| async move {
        for _ in 0..CLIENTS {
            drop(world.websocket("EIO=4&transport=websocket").upgraded().await);
        }
    });
}

#[test]
fn of_a_post_that_is_cut_half_way() {
    leaves_nothing(World::echo, |world| async move {
        for number in 0..CLIENTS {
            let client = Polling::open(&world).await;
            let call = client.begin_post();
            world.settle().await;
            if number % 2 == 0 {
                call.body.set(Err(Failure::Gone));
                world.settle().await;
            }
            drop(call);
        }
    });
}

#[test]
fn of_a_poll_that_is_abandoned() {
    leaves_nothing(World::echo, |world| async move {
        for _ in 0..CLIENTS {
            let client = Polling::open(&world).await;
            let call = client.get();
            world.settle().await;
            drop(call);
        }
    });
}

#[test]
fn of_a_handshake_that_nobody_follows() {
    leaves_nothing(World::echo, |world| async move {
        for _ in 0..CLIENTS {
            Polling::open(&world).await;
        }
    });
}

#[test]
fn of_an_upgrade_that_is_never_finished() {
    leaves_nothing(World::echo, |world| async move {
        for _ in 0..CLIENTS {
            let client = Polling::open(&world).await;
            let mut probe = client.websocket().await;
            world.spawn(
                async move { while !matches!(probe.next().await, Seen::End | Seen::Reset) {} },
            );
        }
    });
}

#[test]
fn of_a_websocket_that_is_not_read() {
    leaves_nothing(World::echo, |world| async move {
        for _ in 0..CLIENTS {
            let socket = WebSocket::open(&world).await;
            socket.say("a".repeat(20_000)).await;
            let quiet = world.clone();
            world.spawn(async move {
                // It stays open until the server drops it.
                quiet.sleep(WAIT - Duration::from_secs(1)).await;
                drop(socket);
            });
        }
    });
}

#[test]
fn of_a_handshake_that_is_abandoned_before_the_verdict() {
    leaves_nothing(
        |_| {},
        |world| async move {
            for number in 0..CLIENTS {
                let call = if number % 2 == 0 {
                    world.get("EIO=4&transport=polling")
                } else {
                    world.websocket("EIO=4&transport=websocket")
                };
                world.settle().await;
                drop(call);
            }
        },
    );
}

#[test]
fn of_a_handshake_that_never_gets_its_verdict() {
    leaves_nothing(
        |_| {},
        |world| async move {
            for _ in 0..CLIENTS {
                let call = world.get("EIO=4&transport=polling");
                world.spawn(async move { assert_eq!(call.status().await, 503) });
            }
            world.settle().await;
        },
    );
}

#[test]
fn of_a_handshake_whose_client_leaves_after_the_verdict() {
    leaves_nothing(
        |_| {},
        |world| async move {
            for _ in 0..CLIENTS {
                let call = world.get("EIO=4&transport=polling");
                let socket = world.accept().await;
                drop((call, socket));
            }
        },
    );
}
