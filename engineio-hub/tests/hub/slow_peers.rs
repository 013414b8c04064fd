//! Peers that don't read, don't send, or stop half-way.

use core::time::Duration;

use bytes::Bytes;
use engineio_proto::Failure;
use engineio_proto::{Message, Packet, ServerCloseReason};

use crate::common::polling::Polling;
use crate::common::websocket::{Seen, WebSocket};
use crate::common::world::World;

const LARGE: Bytes = Bytes::from_static(&[7; 10_000]);

/// Ping interval, ping timeout and linger.
const PATIENCE: Duration = Duration::from_secs(25 + 20 + 5);

#[test]
fn peer_that_never_reads_is_gone_in_time() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let call = app.websocket("EIO=4&transport=websocket");
        let socket = app.accept().await;
        let end = call.upgraded().await;
        let sending =
            app.spawn(async move { while socket.send(Message::from(LARGE)).await.is_ok() {} });
        app.settle().await;
        let polls = app.executor.polls();
        let mut closing = Box::pin(core::future::poll_fn(|cx| {
            // Ready when both the connection and the session are dropped.
            app.hub.poll_closed(cx)
        }));
        closing.as_mut().await;
        assert_eq!(app.elapsed().as_secs(), PATIENCE.as_secs());
        assert!(sending.is_done());
        assert!(app.executor.polls() - polls < 50, "{}", app.executor.polls() - polls);
        assert_eq!(app.log.lines()[1..], ["closed PingTimeout"]);
        drop(closing);
        drop(end);
    });
}

#[test]
fn peer_that_speaks_but_never_reads_is_gone_too() {
    let world = World::narrow();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let call = app.websocket("EIO=4&transport=websocket");
        let socket = WebSocket::new(engineio_proto::Revision::V4, call.upgraded().await);
        let (writer, slow) = (socket.writer(), app.clone());
        app.spawn(async move {
            let frame = writer.frame_of(Packet::Message(LARGE.into()));
            while writer.end.write(&frame).await.is_ok() {
                slow.sleep(Duration::from_millis(1)).await;
            }
        });
        core::future::poll_fn(|cx| app.hub.poll_closed(cx)).await;
        // Nothing is read from it while the application waits to send its answers.
        assert!(app.elapsed() < Duration::from_secs(60 + 6), "{:?}", app.elapsed());
        assert_eq!(app.log.count("closed"), 1);
    });
}

#[test]
fn connection_that_never_reads_its_last_words_is_dropped_after_linger() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let call = app.websocket("EIO=4&transport=websocket");
        let socket = app.accept().await;
        let end = call.upgraded().await;
        for _ in 0..20 {
            socket.send(Message::from(LARGE)).await.unwrap();
        }
        let sid = socket.sid().clone();
        drop(socket);
        core::future::poll_fn(|cx| app.hub.poll_closed(cx)).await;
        assert_eq!(app.elapsed().as_secs(), 30 + 5, "close_timeout and linger");
        assert!(!app.hub.sessions().disconnect(&sid));
        drop(end);
    });
}

#[test]
fn silent_peer_is_gone_in_time_and_hears_why() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut socket = WebSocket::open(&app).await;
        let all = socket.rest().await;
        let ping = Seen::Packet(Packet::Ping("".into()));
        assert_eq!(all, [ping, Seen::Close(Some(1000)), Seen::Reset]);
        assert_eq!(app.elapsed(), PATIENCE);
        assert_eq!(app.log.lines()[1..], ["closed PingTimeout"]);
    });
}

#[test]
fn application_that_reads_slowly_loses_nothing() {
    let world = World::narrow();
    let app = world.clone();
    world.run(async move {
        let call = app.websocket("EIO=4&transport=websocket");
        let mut socket = app.accept().await;
        let peer = WebSocket::new(engineio_proto::Revision::V4, call.upgraded().await);
        let mut reader = peer.writer();
        app.spawn(async move {
            for number in 0..500 {
                peer.say(format!("{number:>100}")).await;
            }
        });
        let heartbeat = app.spawn(async move {
            while let Seen::Packet(packet) = reader.next().await {
                if let Packet::Ping(_) = packet {
                    reader.send(Packet::Pong("".into())).await;
                }
            }
        });
        for number in 0..500 {
            assert_eq!(socket.recv().await, Some(format!("{number:>100}").into()));
            app.sleep(Duration::from_secs(3)).await;
        }
        assert!(!heartbeat.is_done());
        assert_eq!(app.log.lines(), ["opened V4 websocket"]);
    });
}

#[test]
fn application_that_gets_on_is_never_too_slow() {
    let world = World::narrow();
    let app = world.clone();
    world.run(async move {
        let call = app.websocket("EIO=4&transport=websocket");
        let mut socket = app.accept().await;
        let peer = WebSocket::new(engineio_proto::Revision::V4, call.upgraded().await);
        let mut reader = peer.writer();
        app.spawn(async move {
            for number in 0..30 {
                peer.say(format!("{number:>100}")).await;
            }
        });
        app.spawn(async move {
            while let Seen::Packet(packet) = reader.next().await {
                if let Packet::Ping(_) = packet {
                    reader.send(Packet::Pong("".into())).await;
                }
            }
        });
        app.settle().await;
        // It gets several at once, and needs minutes for them.
        for number in 0..30 {
            assert_eq!(socket.recv().await, Some(format!("{number:>100}").into()));
            app.sleep(Duration::from_secs(40)).await;
        }
        assert_eq!(app.log.lines(), ["opened V4 websocket"]);
    });
}

#[test]
fn application_that_never_reads_ends_its_session() {
    let world = World::with(|config| config.inbox_high_water(1024).inbox_limit(20_000));
    let app = world.clone();
    world.run(async move {
        let call = app.get("EIO=4&transport=polling");
        let socket = app.accept().await;
        let answer = call.response().await;
        let polling = Polling::opened(&app, engineio_proto::Revision::V4, answer);
        let polled = polling.get();
        let packet = Packet::Message(LARGE.into());
        // An `ok` is withheld for as long as clients tolerate, and longer at the limit. The
        // application doesn't read meanwhile.
        assert_eq!(polling.post(std::slice::from_ref(&packet)).await, 200);
        assert_eq!(app.elapsed(), Duration::from_secs(4));
        assert_eq!(polling.post(&[packet]).await, 200);
        assert_eq!(app.elapsed(), Duration::from_secs(60));
        assert_eq!(socket.close_reason(), Some(ServerCloseReason::Overloaded));
        assert_eq!(polled.status().await, 200);
    });
}

#[test]
fn post_cut_half_way_or_too_slow_ends_its_session() {
    for why in [Some(Failure::Gone), Some(Failure::Malformed), None] {
        let world = World::new();
        world.echo();
        let app = world.clone();
        world.run(async move {
            let polling = Polling::open(&app).await;
            let call = polling.begin_post();
            app.settle().await;
            match why {
                Some(why) => call.body.set(Err(why)),
                None => app.sleep(Duration::from_secs(30)).await,
            }
            app.settle().await;
            assert!(app.hub.sessions().is_empty());
            assert_eq!(app.log.count("closed"), 1);
            match why {
                Some(Failure::Gone) => drop(call),
                Some(_) => assert_eq!(call.status().await, 400),
                None => assert_eq!(call.status().await, 408),
            }
        });
    }
}

#[test]
fn post_that_is_too_long_is_refused_and_the_session_kept() {
    let world = World::with(|config| config.max_payload(1000));
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut polling = Polling::open(&app).await;
        assert_eq!(polling.post(&[Packet::Message("a".repeat(1000).into())]).await, 413);
        polling.send("short").await;
        assert_eq!(polling.message().await, "short".into());
    });
}

#[test]
fn poll_that_is_abandoned_loses_nothing_if_another_comes_in_time() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let call = app.get("EIO=4&transport=polling");
        let socket = app.accept().await;
        let answer = call.response().await;
        let mut polling = Polling::opened(&app, engineio_proto::Revision::V4, answer);
        for round in 0..5 {
            let abandoned = polling.get();
            app.settle().await;
            drop(abandoned);
            let text = format!("kept {round}");
            socket.send(text.clone()).await.unwrap();
            app.sleep(Duration::from_secs(1)).await;
            assert_eq!(polling.message().await, text.into());
        }
        let abandoned = polling.get();
        app.settle().await;
        drop(abandoned);
        app.sleep(Duration::from_secs(3)).await;
        assert_eq!(app.log.lines()[1..], ["closed TransportLost"]);
    });
}

#[test]
fn handshake_that_nobody_follows_ends() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        Polling::open(&app).await;
        app.sleep(Duration::from_secs(20)).await;
        app.settle().await;
        assert_eq!(app.log.lines()[1..], ["closed Abandoned"]);
    });
}
