//! The server stops.

use core::future::poll_fn;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use engineio_proto::{Packet, Revision, ServerCloseReason};

use crate::common::polling::Polling;
use crate::common::websocket::{CLOSE, Seen, WebSocket, masked};
use crate::common::world::World;

const POLLING: &str = "EIO=4&transport=polling";

#[test]
fn sessions_are_flushed_and_closed_one_after_the_other() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let mut times = Vec::new();
        let mut sockets = Vec::new();
        for _ in 0..100 {
            let call = app.websocket("EIO=4&transport=websocket");
            let socket = app.accept().await;
            let mut peer = WebSocket::new(Revision::V4, call.upgraded().await);
            peer.packet().await;
            let time = Arc::new(Mutex::new(None));
            times.push(time.clone());
            let clock = app.clone();
            app.spawn(async move {
                assert_eq!(peer.message().await, "last".into());
                assert_eq!(peer.packet().await, Packet::Close);
                assert_eq!(peer.next().await, Seen::Close(Some(1001)));
                peer.end.write(&masked(CLOSE, &1001_u16.to_be_bytes())).await.unwrap();
                assert_eq!(peer.next().await, Seen::End);
                *time.lock().unwrap() = Some(clock.elapsed());
            });
            sockets.push(socket);
        }
        app.hub.sessions().broadcast("last");
        let begin = app.elapsed();
        app.hub.close(Duration::from_secs(10));
        app.hub.close(Duration::from_secs(10));
        assert!(app.hub.is_closing());
        poll_fn(|cx| app.hub.poll_closed(cx)).await;
        app.settle().await;
        let mut times: Vec<_> = times.iter().map(|it| it.lock().unwrap().unwrap()).collect();
        times.sort_unstable();
        let spread = times[99] - times[0];
        assert_eq!(spread, Duration::from_millis(990));
        assert!(times[99] - begin < Duration::from_secs(5));
        assert_eq!(app.log.count("closed Shutdown"), 100);
        assert_eq!(sockets[0].close_reason(), Some(ServerCloseReason::Shutdown));
    });
}

#[test]
fn sessions_of_a_server_that_is_drained_end_evenly_over_half_of_the_time() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let (ends, mut tasks) = (Arc::<Mutex<Vec<_>>>::default(), Vec::new());
        for _ in 0..4 {
            let mut peer = WebSocket::open(&app).await;
            let (ends, clock) = (Arc::clone(&ends), app.clone());
            tasks.push(app.spawn(async move {
                while let Seen::Packet(packet) = peer.next().await {
                    match packet {
                        // It is served until its turn comes.
                        Packet::Ping(_) => peer.say("hello").await,
                        Packet::Close => ends.lock().unwrap().push(clock.elapsed().as_secs()),
                        other => {
                            assert_eq!(other, Packet::Message("hello".into()));
                            peer.send(Packet::Pong("".into())).await;
                        }
                    }
                }
                peer.end.reset();
            }));
        }
        app.hub.drain(Duration::from_secs(80));
        assert_eq!(app.get(POLLING).status().await, 503);
        poll_fn(|cx| app.hub.poll_closed(cx)).await;
        app.settle().await;
        assert!(tasks.iter().all(|task| task.is_done() && !task.has_panicked()));
        assert_eq!(*ends.lock().unwrap(), [0, 10, 20, 30]);
    });
}

#[test]
fn what_a_post_brings_while_the_server_closes_reaches_the_application() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let call = app.get(POLLING);
        let mut socket = app.accept().await;
        let client = Polling::opened(&app, Revision::V4, call.response().await);
        assert_eq!(client.post(&[Packet::Message("before".into())]).await, 200);
        app.hub.close(Duration::from_secs(10));
        app.settle().await;
        // No poll waits, so its session has yet to hear.
        assert_eq!(client.post(&[Packet::Message("after".into())]).await, 200);
        assert_eq!(client.poll().await, [Packet::Close]);
        assert_eq!(socket.recv().await, Some("before".into()));
        assert_eq!(socket.recv().await, Some("after".into()));
        assert_eq!(socket.recv().await, None);
        poll_fn(|cx| app.hub.poll_closed(cx)).await;
    });
}

#[test]
fn many_sessions_are_closed_within_half_of_the_time() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut tasks = Vec::new();
        for _ in 0..200 {
            let polling = Polling::open(&app).await;
            tasks.push(app.spawn(async move {
                assert_eq!(polling.poll().await, [Packet::Close]);
            }));
        }
        app.hub.close(Duration::from_millis(1000));
        poll_fn(|cx| app.hub.poll_closed(cx)).await;
        assert!(app.elapsed() < Duration::from_millis(500), "{:?}", app.elapsed());
        app.settle().await;
        assert!(tasks.iter().all(|task| task.is_done() && !task.has_panicked()));
    });
}

#[test]
fn handshakes_are_sent_away_meanwhile() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (unseen, seen) = (app.get(POLLING), app.get(POLLING));
        let kept = app.get(POLLING);
        let first = app.incoming().await.unwrap();
        let second = app.incoming().await.unwrap();
        app.hub.close(Duration::from_secs(10));
        assert!(app.incoming().await.is_none());
        // It is too late to accept, and dropping refuses because the server is closing.
        assert!(first.accept_with(0).is_none());
        drop(second);
        for call in [unseen, seen, kept, app.get(POLLING)] {
            let response = call.response().await;
            assert_eq!(response.status(), 503);
            assert_eq!(response.headers()["retry-after"], "5");
        }
        assert_eq!(app.log.lines(), ["refused Closing(5)"; 4]);
        poll_fn(|cx| app.hub.poll_closed(cx)).await;
        assert_eq!(app.elapsed(), Duration::ZERO);
    });
}

#[test]
fn sessions_that_take_too_long_are_cut_off() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let call = app.get(POLLING);
        let socket = app.accept().await;
        call.status().await;
        app.hub.close(Duration::from_secs(1));
        app.sleep(Duration::from_secs(1)).await;
        assert_eq!(app.hub.sessions().len(), 1);
        app.hub.abort();
        assert!(app.hub.sessions().is_empty());
        assert_eq!(socket.closed().await, ServerCloseReason::Shutdown);
        poll_fn(|cx| app.hub.poll_closed(cx)).await;
    });
}

#[test]
fn everyone_who_waits_for_the_end_of_the_server_hears_of_it() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let (waiting, mut tasks) = (WebSocket::open(&app).await, Vec::new());
        for _ in 0..3 {
            let hub = app.hub.clone();
            tasks.push(app.spawn(async move { poll_fn(|cx| hub.poll_closed(cx)).await }));
        }
        app.settle().await;
        app.hub.close(Duration::from_secs(1));
        drop(waiting);
        app.settle().await;
        assert!(tasks.iter().all(|task| task.is_done()));
    });
}
