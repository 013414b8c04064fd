//! Events behind a login, and what a login can check.

use core::task::Poll;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use engineio_hub::{Events, Handshake, Overflow, RemoteAddr, ServerEvent};
use engineio_proto::server::Refusal;
use engineio_proto::{Packet, Revision, SendError, ServerCloseReason, Transport};

use crate::common::polling::Polling;
use crate::common::websocket::WebSocket;
use crate::common::world::{World, request};

const POLLING: &str = "EIO=4&transport=polling";

fn number(handshake: &Handshake) -> Result<u32, Refusal> {
    let number = handshake.query("number").and_then(|number| number.parse().ok());
    number.ok_or_else(|| handshake.refuse(402, r#"{"why":"no number"}"#))
}

fn now(events: &mut Events<u32>) -> ServerEvent<u32> {
    match events.poll_now() {
        Poll::Ready(Some(event)) => event,
        other => panic!("nothing is there now: {other:?}"),
    }
}

#[test]
fn login_gives_data_to_the_session_or_refuses() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let mut events = client.hub.events_with(number);
        let response = client.get(POLLING).response().await;
        assert_eq!(
            (response.status().as_u16(), &response.body()[..]),
            (402, &br#"{"why":"no number"}"#[..])
        );
        assert!(client.hub.sessions().is_empty());
        assert!(events.poll_now().is_pending(), "a refused client is no event");

        let call = client.get(&format!("{POLLING}&number=4%32"));
        let polling = Polling::opened(&client, Revision::V4, call.response().await);
        polling.send("hello").await;
        let ServerEvent::Connect(sender) = now(&mut events) else { panic!("it is announced") };
        assert_eq!(*sender.data(), 42);
        assert_eq!(sender.sid().as_str(), polling.sid());
        let ServerEvent::Message(from, message) = now(&mut events) else {
            panic!("then it speaks")
        };
        assert!(from == sender && message == "hello".into());
        sender.close();
        polling.poll().await;
        let ServerEvent::Disconnect(last, reason) = now(&mut events) else { panic!("it ends") };
        assert!(last == sender && reason == ServerCloseReason::Application);
    });
}

#[test]
fn login_may_take_its_time_on_both_transports() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let slow = client.clone();
        let mut events = client.hub.events_with_async(move |handshake| {
            let slow = slow.clone();
            async move {
                slow.sleep(Duration::from_secs(1)).await;
                number(&handshake)
            }
        });
        let polling = client.get(&format!("{POLLING}&number=1"));
        let websocket = client.websocket("EIO=4&transport=websocket&number=2");
        let refused = client.get(POLLING);
        client.settle().await;
        assert!(events.poll_now().is_pending());
        assert_eq!(refused.status().await, 402);
        assert_eq!(client.elapsed().as_secs(), 1);
        assert_eq!(polling.status().await, 200);
        websocket.upgraded().await;
        let mut numbers = Vec::new();
        for _ in 0..2 {
            let ServerEvent::Connect(sender) = now(&mut events) else { panic!("a client") };
            numbers.push(*sender.data());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);
    });
}

#[test]
fn login_that_takes_too_long_is_given_up() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let _events = client.hub.events_with_async(|_| core::future::pending());
        let call = client.get(POLLING);
        assert_eq!(call.status().await, 503);
        assert_eq!(client.elapsed().as_secs(), 10);
        assert!(client.hub.sessions().is_empty());
    });
}

#[test]
fn login_is_dropped_when_its_client_leaves() {
    struct Dropped(Arc<Mutex<bool>>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = true;
        }
    }

    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let is_dropped = Arc::new(Mutex::new(false));
        let seen = Arc::clone(&is_dropped);
        let _events = client.hub.events_with_async(move |_| {
            let dropped = Dropped(Arc::clone(&seen));
            async move {
                let _dropped = dropped;
                core::future::pending().await
            }
        });
        let call = client.get(POLLING);
        client.settle().await;
        assert!(!*is_dropped.lock().unwrap());
        drop(call);
        assert!(*is_dropped.lock().unwrap());
        assert_eq!(client.log.lines(), [""; 0]);
    });
}

#[test]
fn login_that_panics_refuses_its_client_alone() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let _events = client.hub.events_with_async(|handshake: Handshake| {
            assert!(handshake.query("at").is_none(), "at once");
            async move {
                assert!(handshake.query("later").is_none(), "later");
                number(&handshake)
            }
        });
        assert_eq!(client.get(&format!("{POLLING}&at=once")).status().await, 500);
        assert_eq!(client.get(&format!("{POLLING}&later=yes")).status().await, 500);
        assert_eq!(client.get(&format!("{POLLING}&number=1")).status().await, 200);
    });
}

#[test]
fn handshakes_that_wait_are_asked_when_the_login_comes() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let calls = [client.get(POLLING), client.get(&format!("{POLLING}&number=7"))];
        client.settle().await;
        let mut events =
            client.hub.events_with_async(|handshake| async move { number(&handshake) });
        let [refused, accepted] = calls;
        assert_eq!(refused.status().await, 402);
        assert_eq!(accepted.status().await, 200);
        let ServerEvent::Connect(sender) = now(&mut events) else { panic!("a client") };
        assert_eq!(*sender.data(), 7);
    });
}

#[test]
fn blocking_login_is_run_by_whoever_asks_for_events() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let mut events = client.hub.events_with_blocking(number);
        let refused = client.get(POLLING);
        let accepted = client.get(&format!("{POLLING}&number=3"));
        client.settle().await;
        assert!(client.hub.sessions().is_empty());
        let ServerEvent::Connect(sender) = now(&mut events) else { panic!("a client") };
        assert_eq!(*sender.data(), 3);
        assert_eq!((refused.status().await, accepted.status().await), (402, 200));
        // A handshake wakes the task that waits for events.
        let waiting = client.spawn(async move {
            assert!(matches!(events.next().await, Some(ServerEvent::Connect(_))));
        });
        client.settle().await;
        assert_eq!(client.get(&format!("{POLLING}&number=4")).status().await, 200);
        client.settle().await;
        assert!(waiting.is_done() && !waiting.has_panicked());
    });
}

#[test]
fn handshake_shows_what_the_client_said() {
    let world = World::with(|config| config.trust_forwarded(true));
    let client = world.clone();
    world.run(async move {
        let mut asked = request("GET", "EIO=3&transport=polling&token=a%20b%2Bc&token=2")
            .header("cookie", "a=1; session=s%20s")
            .header("cookie", "theme=dark")
            .header("authorization", "Bearer x")
            .header("x-bad", "\u{e4}")
            .header("x-forwarded-for", "1.1.1.1, 10.0.0.7")
            .body(())
            .unwrap();
        asked.extensions_mut().insert(RemoteAddr(([127, 0, 0, 1], 80).into()));
        let call = client.begin(asked);
        let incoming = client.incoming().await.unwrap();
        let handshake = incoming.handshake();
        for query in [handshake.query("token"), incoming.query("token")] {
            assert_eq!(query.as_deref(), Some("a b+c"));
        }
        assert_eq!(handshake.query("none"), None);
        assert_eq!(incoming.cookie("session"), Some("s%20s"));
        assert_eq!(handshake.cookie("theme"), Some("dark"));
        assert_eq!(handshake.cookie("none"), None);
        assert_eq!(incoming.header("Authorization"), Some("Bearer x"));
        assert_eq!(handshake.header("x-bad"), None);
        assert_eq!(incoming.remote_ip(), Some([10, 0, 0, 7].into()));
        assert_eq!(handshake.transport(), Transport::Polling);
        assert_eq!(incoming.revision(), Revision::V3);
        assert!(incoming.is_waiting());
        incoming.refuse_json(401, "wrong \"token\"");
        let response = call.response().await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.body(), r#"{"code":4,"message":"wrong \"token\""}"#);
    });
}

#[test]
fn session_is_reached_by_its_identifier_and_by_its_data() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let _events = client.hub.events_with(number);
        let mut sockets = Vec::new();
        for number in 0..4 {
            let call = client.websocket(&format!("EIO=4&transport=websocket&number={number}"));
            let mut socket = WebSocket::new(Revision::V4, call.upgraded().await);
            let Packet::Open(json) = socket.packet().await else { panic!("no open packet") };
            let sid = engineio_proto::HandshakeData::from_json(&json).unwrap().sid;
            sockets.push((sid, socket));
        }
        let sids: Vec<_> = sockets.iter().map(|(sid, _)| sid.clone()).collect();
        let all = client.hub.sessions();
        let third = client.hub.get(&sids[2]).expect("it is open");
        assert_eq!(*third.data(), 2);
        all.send_to(&sids[..2], "to two");
        all.broadcast_where(|sid, _| *sid != sids[0], "to all but the first");
        all.broadcast_where(|_, number| number % 2 == 1, "to the odd");
        third.try_send("to the third").unwrap();
        let expected: [&[&str]; 4] = [
            &["to two"],
            &["to two", "to all but the first", "to the odd"],
            &["to all but the first", "to the third"],
            &["to all but the first", "to the odd"],
        ];
        for ((_, socket), expected) in sockets.iter_mut().zip(expected) {
            for text in expected {
                assert_eq!(socket.message().await, (*text).into());
            }
        }
        assert!(client.hub.get(&engineio_proto::Sid::from_text("nobody").unwrap()).is_none());
    });
}

#[test]
fn overflow_may_be_chosen_later() {
    let world = World::narrow();
    let client = world.clone();
    world.run(async move {
        let mut events = client.hub.events_with(|_| Ok(0));
        let polling = Polling::open(&client).await;
        let ServerEvent::Connect(sender) = now(&mut events) else { panic!("a client") };
        sender.try_send("x".repeat(2000)).unwrap();
        assert!(matches!(sender.try_send("more"), Err(SendError::Full(_))));
        client.hub.sessions().broadcast("missed");
        assert_eq!(sender.close_reason(), None);
        sender.set_overflow(Overflow::Close);
        client.hub.sessions().broadcast("the last");
        assert_eq!(sender.close_reason(), Some(ServerCloseReason::Overloaded));
        drop(polling);
    });
}
