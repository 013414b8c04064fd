//! Clients that come and go in every wrong way leave nothing behind.

mod common;

use core::future::poll_fn;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::task::{Context, Waker};
use core::time::Duration;
use std::sync::Arc;

use engineio_hub::Hub;
use engineio_proto::Failure;
use engineio_proto::{Instant, ServerConfig};
use http::Request;

use common::polling::Polling;
use common::websocket::{Seen, WebSocket};
use common::world::World;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

const CLIENTS: usize = 1000;

/// What a server keeps forever: room for up to 64 sessions and 64 deadlines in each of its 16
/// shards.
const ALLOWED: isize = 128 << 10;

/// Ping interval, ping timeout and linger, and a little more. No deadline is further away, and no
/// entry in the queue outlives its deadline.
const WAIT: Duration = Duration::from_secs(25 + 20 + 5 + 1);

/// Runs the same crowd twice: only what the second run adds is a leak.
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
            assert_eq!(client.hub.sessions().len(), 0);
            client.log.clear();
            let left = heap::live() - before;
            println!("round {round}: {peak} bytes with the crowd, {left} after it");
            assert!(left < ALLOWED, "{left} bytes");
            if round == 1 {
                assert!(left < ALLOWED / 8, "{left} bytes more");
            }
            before = heap::live();
        }
        // No connection is open, either.
        client.hub.close(Duration::ZERO);
        poll_fn(|cx| client.hub.poll_closed(cx)).await;
        assert!(client.elapsed() < WAIT * 2 + Duration::from_secs(1));
    });
}

#[test]
fn websocket_that_is_reset_after_its_101_leaves_nothing() {
    leaves_nothing(World::echo, |world| async move {
        for _ in 0..CLIENTS {
            drop(world.websocket("EIO=4&transport=websocket").upgraded().await);
        }
    });
}

#[test]
fn post_that_is_cut_half_way_leaves_nothing() {
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
fn poll_that_is_abandoned_leaves_nothing() {
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
fn handshake_that_nobody_follows_leaves_nothing() {
    leaves_nothing(World::echo, |world| async move {
        for _ in 0..CLIENTS {
            Polling::open(&world).await;
        }
    });
}

#[test]
fn upgrade_that_is_never_finished_leaves_nothing() {
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
fn websocket_that_is_not_read_leaves_nothing() {
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
fn handshake_that_is_abandoned_before_the_verdict_leaves_nothing() {
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
fn handshake_that_never_gets_its_verdict_leaves_nothing() {
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
fn handshake_whose_client_leaves_after_the_verdict_leaves_nothing() {
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

#[test]
fn handshakes_that_no_application_takes_leave_nothing() {
    let clock = Arc::new(AtomicU64::new(0));
    let reading = Arc::clone(&clock);
    let now = move || Instant::from_millis(reading.load(Relaxed));
    let hub: Hub = Hub::new(ServerConfig::default(), now, Box::new(()));
    let cx = &mut Context::from_waker(Waker::noop());
    let request = Request::get("/engine.io/?EIO=4&transport=websocket")
        .header("host", "test")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(());
    let request = request.expect("a request").into_parts().0;
    let before = heap::live();
    for _ in 0..5000 {
        drop(hub.admit(&request));
        // Half the time after which an undecided handshake is refused.
        clock.fetch_add(5000, Relaxed);
        hub.expire(cx);
    }
    let left = heap::live() - before;
    println!("5,000 clients that left hold {left} bytes");
    // Some of them, not all.
    assert!(left < 64 << 10, "{left}");
    // These don't keep the hub either.
    let weak = hub.downgrade();
    drop(hub);
    assert!(weak.upgrade().is_none());
}
