//! How many clients may come in a second, and how many of one address may stay.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

use engineio_hub::RemoteAddr;

use crate::common::binding::Call;
use crate::common::world::{World, request};

const POLLING: &str = "EIO=4&transport=polling";

/// A handshake from this address.
fn from(world: &World, ip: &str) -> Call {
    let ip: IpAddr = ip.parse().unwrap();
    let asked = request("GET", POLLING).extension(RemoteAddr(SocketAddr::from((ip, 80))));
    world.begin(asked.body(()).unwrap())
}

#[test]
fn address_has_so_many_sessions_and_handshakes_at_a_time() {
    let world = World::with(|config| config.max_sessions_per_address(2));
    let client = world.clone();
    world.run(async move {
        let first = from(&client, "192.0.2.1");
        let socket = client.accept().await;
        assert_eq!(first.status().await, 200);
        let waiting = from(&client, "192.0.2.1");
        client.settle().await;
        assert_eq!(from(&client, "192.0.2.1").status().await, 503);
        let other = from(&client, "192.0.2.2");
        client.settle().await;
        // A client that leaves before it is accepted frees its place.
        drop(waiting);
        client.settle().await;
        let waiting = from(&client, "192.0.2.1");
        client.settle().await;
        assert_eq!(from(&client, "192.0.2.1").status().await, 503);
        drop(waiting);
        // So does a session that ends, although its socket is still there.
        socket.close();
        socket.closed().await;
        let waiting = [from(&client, "192.0.2.1"), from(&client, "192.0.2.1")];
        client.settle().await;
        assert_eq!(from(&client, "192.0.2.1").status().await, 503);
        drop((socket, other, waiting));
    });
}

#[test]
fn client_that_is_refused_frees_its_place() {
    let world = World::with(|config| config.max_sessions_per_address(1));
    let client = world.clone();
    world.run(async move {
        for _ in 0..3 {
            let call = from(&client, "2001:db8::1");
            let incoming = client.incoming().await.unwrap();
            assert_eq!(from(&client, "2001:db8::2").status().await, 503);
            drop(incoming);
            assert_eq!(call.status().await, 403);
        }
    });
}

#[test]
fn clients_without_a_known_address_are_not_counted() {
    let world = World::with(|config| config.max_sessions_per_address(1));
    let client = world.clone();
    world.run(async move {
        let calls = [client.get(POLLING), client.get(POLLING)];
        let sockets = [client.accept().await, client.accept().await];
        for call in calls {
            assert_eq!(call.status().await, 200);
        }
        drop(sockets);
    });
}

#[test]
fn more_handshakes_in_a_second_than_allowed_are_sent_away() {
    let world = World::with(|config| config.max_handshakes_per_second(10));
    let client = world.clone();
    world.run(async move {
        let mut sockets = Vec::new();
        // What the last second had may come at once, and then one each tenth of a second.
        for (wait, let_in) in [(0, 10), (100, 1), (50, 0), (50, 1), (350, 3), (5_000, 10)] {
            client.sleep(Duration::from_millis(wait)).await;
            for _ in 0..let_in {
                let call = client.get(POLLING);
                sockets.push(client.accept().await);
                assert_eq!(call.status().await, 200);
            }
            let answer = client.get(POLLING).response().await;
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"));
        }
    });
}
