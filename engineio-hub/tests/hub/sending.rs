//! Messages of the application: which tasks wait, and which are woken.

use core::future::poll_fn;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use engineio_hub::{Overflow, Socket};
use engineio_proto::{Message, Packet, SendError, ServerCloseReason};
use futures_core::Stream;
use futures_sink::Sink;

use crate::common::websocket::{Seen, WebSocket};
use crate::common::world::World;

fn kibibyte() -> Message {
    Bytes::from_static(&[7; 1024]).into()
}

/// A session over WebSocket whose connection holds little, from both sides.
async fn connected(world: &World) -> (Socket<u32>, WebSocket) {
    world.set_capacity(256);
    let call = world.websocket("EIO=4&transport=websocket");
    let socket = world.accept().await;
    let mut client = WebSocket::new(engineio_proto::Revision::V4, call.upgraded().await);
    assert!(matches!(client.packet().await, Packet::Open(_)));
    (socket, client)
}

/// Fills the session until it takes no more, and returns the count.
async fn fill(world: &World, socket: &Socket<u32>) -> usize {
    let mut count = 0;
    while socket.try_send(kibibyte()).is_ok() {
        count += 1;
        world.settle().await;
    }
    count
}

#[test]
fn all_who_wait_to_send_go_on_when_there_is_room() {
    const WAITERS: usize = 100;
    let world = World::with(|config| config.outbox_high_water(8192).outbox_low_water(1024));
    let app = world.clone();
    world.run(async move {
        let (socket, mut client) = connected(&app).await;
        let before = fill(&app, &socket).await;
        let polls = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for _ in 0..WAITERS {
            let sender = socket.sender();
            tasks.push(app.spawn(async move { sender.send(kibibyte()).await.unwrap() }));
        }
        app.settle().await;
        let idle = app.executor.polls();
        app.sleep(Duration::from_secs(1)).await;
        assert!(app.executor.polls() - idle < 5, "somebody is woken in vain");
        for _ in 0..before + WAITERS {
            assert_eq!(client.message().await, kibibyte());
        }
        app.settle().await;
        assert!(tasks.iter().all(|task| task.is_done()));
        let most = tasks.iter().map(|task| task.polls()).max().unwrap();
        // The outbox takes seven at a time. Each time those that are left ask once.
        assert!(most <= 2 + WAITERS / 7 + 1, "{most}");
        drop(polls);
    });
}

#[test]
fn senders_that_wait_get_their_message_back_when_the_session_ends() {
    let world = World::narrow();
    let app = world.clone();
    world.run(async move {
        let (socket, client) = connected(&app).await;
        fill(&app, &socket).await;
        let count = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            let (sender, count) = (socket.sender(), Arc::clone(&count));
            app.spawn(async move {
                let sent = sender.send(kibibyte()).await;
                assert_eq!(sent, Err(SendError::Closed(kibibyte().into())));
                count.fetch_add(1, SeqCst);
            });
        }
        app.settle().await;
        client.end.reset();
        app.settle().await;
        assert_eq!(count.load(SeqCst), 10);
    });
}

#[test]
fn send_that_is_dropped_has_sent_nothing_and_waits_no_more() {
    let world = World::narrow();
    let app = world.clone();
    world.run(async move {
        let (socket, mut client) = connected(&app).await;
        let before = fill(&app, &socket).await;
        let sender = socket.sender();
        let task = app.spawn(async move { sender.send("never").await.unwrap() });
        app.settle().await;
        task.abort();
        let polls = task.polls();
        for _ in 0..before {
            assert_eq!(client.message().await, kibibyte());
        }
        socket.send("last").await.unwrap();
        assert_eq!(client.message().await, "last".into());
        assert_eq!(task.polls(), polls);
    });
}

#[test]
fn flush_waits_until_what_was_queued_has_left() {
    let world = World::with(|config| config.outbox_high_water(1 << 20));
    let app = world.clone();
    world.run(async move {
        let (socket, mut client) = connected(&app).await;
        socket.flush().await;
        for _ in 0..100 {
            socket.send(kibibyte()).await.unwrap();
        }
        let sender = socket.sender();
        let flushing = app.spawn(async move { sender.flush().await });
        app.settle().await;
        assert!(!flushing.is_done());
        assert!(socket.queued_bytes() > 0);
        for _ in 0..100 {
            client.message().await;
        }
        app.settle().await;
        assert!(flushing.is_done());
        assert!(flushing.polls() <= 3, "{}", flushing.polls());
        assert_eq!(socket.queued_bytes(), 0);
    });
}

#[test]
fn everyone_who_waits_for_the_end_hears_the_reason() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (socket, client) = connected(&app).await;
        let mut waiters = Vec::new();
        for _ in 0..10 {
            let sender = socket.sender();
            waiters.push(app.spawn(async move {
                assert_eq!(sender.closed().await, ServerCloseReason::Peer(None));
                assert_eq!(sender.closed().await, ServerCloseReason::Peer(None));
                assert_eq!(sender.close_reason(), Some(ServerCloseReason::Peer(None)));
                assert_eq!(sender.transport(), None);
            }));
        }
        app.settle().await;
        client.send(Packet::Close).await;
        app.settle().await;
        assert!(waiters.iter().all(|task| task.is_done() && !task.has_panicked()));
    });
}

#[test]
fn socket_is_a_stream_and_a_sink() {
    let world = World::narrow();
    let app = world.clone();
    world.run(async move {
        let (mut socket, mut client) = connected(&app).await;
        client.say("in").await;
        let message = poll_fn(|cx| Pin::new(&mut socket).poll_next(cx)).await;
        assert_eq!(message, Some("in".into()));

        let reading = app.spawn(async move {
            for _ in 0..200 {
                assert_eq!(client.message().await, kibibyte());
            }
            assert_eq!(client.next().await, Seen::Packet(Packet::Close));
            assert_eq!(client.next().await, Seen::Close(Some(1000)));
        });
        for _ in 0..200 {
            poll_fn(|cx| sink(&mut socket).poll_ready(cx)).await.unwrap();
            sink(&mut socket).start_send(kibibyte()).unwrap();
        }
        poll_fn(|cx| sink(&mut socket).poll_flush(cx)).await.unwrap();
        assert_eq!(socket.queued_bytes(), 0);
        poll_fn(|cx| sink(&mut socket).poll_close(cx)).await.unwrap();
        assert_eq!(socket.close_reason(), Some(ServerCloseReason::Application));
        poll_fn(|cx| sink(&mut socket).poll_ready(cx)).await.unwrap();
        assert!(sink(&mut socket).start_send(kibibyte()).is_err());
        app.settle().await;
        assert!(reading.is_done() && !reading.has_panicked());
    });
}

fn sink(socket: &mut Socket<u32>) -> Pin<&mut (impl Sink<Message, Error = SendError> + use<>)> {
    Pin::new(socket)
}

#[test]
fn broadcast_waits_for_nobody() {
    let world = World::narrow();
    let app = world.clone();
    world.run(async move {
        let mut clients = Vec::new();
        for overflow in [Overflow::Drop, Overflow::Close] {
            app.set_capacity(256);
            let call = app.websocket("EIO=4&transport=websocket");
            let incoming = app.incoming().await.unwrap().overflow(overflow);
            let socket = incoming.accept_with(0).unwrap();
            let end = call.upgraded().await;
            clients.push((socket, WebSocket::new(engineio_proto::Revision::V4, end)));
        }
        let (_kept, mut reader) = connected(&app).await;
        let reading = app.spawn(async move {
            for _ in 0..1000 {
                assert_eq!(reader.message().await, kibibyte());
            }
        });
        for _ in 0..1000 {
            app.hub.sessions().broadcast(kibibyte());
            app.settle().await;
        }
        assert!(reading.is_done() && !reading.has_panicked());
        let reasons = clients.iter().map(|(socket, _)| socket.close_reason());
        assert_eq!(reasons.collect::<Vec<_>>(), [None, Some(ServerCloseReason::Overloaded)]);
    });
}

#[test]
fn application_task_that_panics_harms_nobody() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let call = app.websocket("EIO=4&transport=websocket");
        let mut socket = app.accept().await;
        let mut client = WebSocket::new(engineio_proto::Revision::V4, call.upgraded().await);
        client.packet().await;
        let task = app.spawn(async move {
            socket.recv().await;
            panic!("a bug of the application's");
        });
        let (other, mut other_client) = connected(&app).await;
        client.say("hello").await;
        assert_eq!(client.next().await, Seen::Packet(Packet::Close));
        assert_eq!(client.next().await, Seen::Close(Some(1000)));
        assert!(task.has_panicked());
        assert_eq!(app.hub.sessions().len(), 1);
        other.send("well").await.unwrap();
        assert_eq!(other_client.message().await, "well".into());
    });
}
