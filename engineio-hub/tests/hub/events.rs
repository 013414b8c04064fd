//! A server consumed as one stream of events.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;

use engineio_hub::{Events, ServerEvent};
use engineio_proto::{Packet, ServerCloseReason, Transport};

use crate::common::polling::Polling;
use crate::common::websocket::WebSocket;
use crate::common::world::World;

fn short(event: Option<ServerEvent<u32>>) -> String {
    match event {
        None => "end".into(),
        Some(ServerEvent::Connect(_)) => "connect".into(),
        Some(ServerEvent::Message(_, message)) => message.as_text().unwrap().into(),
        Some(ServerEvent::Upgrade(_, Transport::WebSocket)) => "upgrade".into(),
        Some(ServerEvent::Disconnect(_, reason)) => format!("{reason:?}"),
        Some(other) => format!("{other:?}"),
    }
}

fn now(events: &mut Events<u32>) -> Option<ServerEvent<u32>> {
    match events.poll_now() {
        Poll::Ready(event) => event,
        Poll::Pending => panic!("nothing is there now"),
    }
}

#[test]
fn session_is_told_from_its_beginning_to_its_end() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let mut events = client.hub.events_with(|_| Ok(0));
        let polling = Polling::open(&client).await;
        polling.send("one").await;
        let (socket, _) = polling.upgrade().await;
        socket.say("two").await;
        socket.send(Packet::Close).await;
        client.settle().await;
        for expected in ["connect", "one", "upgrade", "two", "Peer(None)"] {
            assert_eq!(short(events.next().await), expected);
        }
    });
}

#[test]
fn handshakes_that_wait_are_accepted_when_events_are_asked_for() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let call = client.get("EIO=4&transport=polling");
        client.settle().await;
        let mut events = client.hub.events_with(|_| Ok(0));
        assert_eq!(call.status().await, 200);
        assert_eq!(short(events.next().await), "connect");
    });
}

#[test]
fn session_that_talks_much_keeps_no_other_from_being_heard() {
    let world = World::new();
    world.set_capacity(1 << 20);
    let client = world.clone();
    world.run(async move {
        let mut events = client.hub.events_with(|_| Ok(0));
        let loud = WebSocket::open(&client).await;
        let quiet = WebSocket::open(&client).await;
        for _ in 0..1000 {
            loud.say("loud").await;
        }
        quiet.say("quiet").await;
        client.settle().await;
        let mut heard = Vec::new();
        for _ in 0..6 {
            heard.push(short(events.next().await));
        }
        assert!(heard.iter().any(|event| event == "quiet"), "{heard:?}");
    });
}

#[test]
fn events_are_answered_with_the_servers_own_send() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let (mut events, app) = (client.hub.events_with(|_| Ok(0)), client.clone());
        client.spawn(async move {
            while let Some(event) = events.next().await {
                if let ServerEvent::Message(sender, message) = event {
                    app.hub.sessions().send(sender.sid(), message).unwrap();
                }
            }
        });
        let mut polling = Polling::open(&client).await;
        let mut socket = WebSocket::open(&client).await;
        for text in ["one", "two", "three"] {
            polling.send(text).await;
            assert_eq!(polling.message().await, text.into());
            socket.say(text).await;
            assert_eq!(socket.message().await, text.into());
        }
        assert_eq!(client.elapsed(), Duration::ZERO, "an answer waited for more to come");
    });
}

#[test]
fn server_is_consumed_in_one_way_only() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let mut events = client.hub.events_with(|_| Ok(0));
        assert!(client.incoming().await.is_none());
        assert_eq!(short(client.hub.events_with(|_| Ok(0)).next().await), "end");
        assert_eq!(client.log.count("misused"), 2);
        Polling::open(&client).await;
        assert_eq!(short(events.next().await), "connect");
    });

    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        client.settle().await;
        assert_eq!(short(client.hub.events_with(|_| Ok(0)).next().await), "end");
        assert_eq!(client.log.count("misused"), 1);
        Polling::open(&client).await;
    });
}

#[test]
fn stream_ends_after_the_last_session() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let mut events = client.hub.events_with(|_| Ok(0));
        let mut socket = WebSocket::open(&client).await;
        assert_eq!(short(events.next().await), "connect");
        client.hub.close(Duration::from_secs(1));
        client.spawn(async move { drop(socket.rest().await) });
        assert_eq!(short(events.next().await), format!("{:?}", ServerCloseReason::Shutdown));
        assert_eq!(short(events.next().await), "end");
        assert_eq!(client.log.count("misused"), 0);
        assert!(client.incoming().await.is_none());
        assert_eq!(client.log.count("misused"), 0);
    });
}

#[test]
fn session_belongs_to_the_worker_that_has_its_event() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let mut one = client.hub.events_with(|_| Ok(0));
        let mut other = one.clone();
        let first = WebSocket::open(&client).await;
        first.say("1").await;
        first.say("2").await;
        client.settle().await;
        assert_eq!(short(now(&mut one)), "connect");
        assert!(other.poll_now().is_pending(), "the first session's event is being dealt with");
        let second = WebSocket::open(&client).await;
        second.say("3").await;
        client.settle().await;
        assert_eq!(short(now(&mut other)), "connect");
        // A worker that asks again lets go of its session: any worker may go on with it.
        assert_eq!(short(now(&mut one)), "1");
        assert_eq!(short(now(&mut other)), "3");
        assert!(other.poll_now().is_pending(), "this session is the first worker's");
        drop(one);
        assert_eq!(short(now(&mut other)), "2");
        assert!(other.poll_now().is_pending(), "each event goes to one worker");
    });
}

#[test]
fn all_workers_are_told_of_what_comes_and_of_the_end() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let events = client.hub.events_with(|_| Ok(0));
        let heard = Arc::new(AtomicUsize::new(0));
        let ended = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let (mut events, heard, ended) = (events.clone(), heard.clone(), ended.clone());
            client.spawn(async move {
                while events.next().await.is_some() {
                    heard.fetch_add(1, Relaxed);
                }
                ended.fetch_add(1, Relaxed);
            });
        }
        drop(events);
        client.settle().await;
        let mut socket = WebSocket::open(&client).await;
        socket.say("hello").await;
        client.settle().await;
        assert_eq!(heard.load(Relaxed), 2);
        client.hub.close(Duration::from_secs(1));
        client.spawn(async move { drop(socket.rest().await) });
        client.settle().await;
        assert_eq!((heard.load(Relaxed), ended.load(Relaxed)), (3, 3));
    });
}

#[test]
fn sessions_go_on_unheard_when_the_stream_is_dropped() {
    let world = World::with(|config| config.inbox_high_water(1024));
    let client = world.clone();
    world.run(async move {
        let events = client.hub.events_with(|_| Ok(0));
        let old = WebSocket::open(&client).await;
        drop(events);
        let new = WebSocket::open(&client).await;
        for socket in &mut [old, new] {
            for _ in 0..1000 {
                socket.say("unheard").await;
            }
            client.hub.sessions().broadcast("hello");
            assert_eq!(socket.message().await, "hello".into());
            // The other has received it, too.
            assert_eq!(client.hub.sessions().len(), 2);
        }
    });
}
