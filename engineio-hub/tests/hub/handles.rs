//! The life of a session, seen from its handles.

use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::task::Wake;

use engineio_hub::Socket;
use engineio_proto::{Packet, SendError, ServerCloseReason, Sid};

use crate::common::polling::Polling;
use crate::common::websocket::{Seen, WebSocket};
use crate::common::world::{World, websocket_request};

const WEBSOCKET: &str = "EIO=4&transport=websocket";

async fn connected(world: &World) -> (Socket<u32>, WebSocket) {
    let call = world.websocket(WEBSOCKET);
    let socket = world.accept().await;
    let mut client = WebSocket::new(engineio_proto::Revision::V4, call.upgraded().await);
    assert!(matches!(client.packet().await, Packet::Open(_)));
    (socket, client)
}

#[test]
fn session_that_is_detached_lives_on() {
    let world = World::with(|config| config.inbox_high_water(1024));
    let app = world.clone();
    world.run(async move {
        let (socket, mut client) = connected(&app).await;
        let sid = socket.sid().clone();
        socket.detach();
        for _ in 0..1000 {
            client.say("thrown away").await;
        }
        app.hub.sessions().send(&sid, "one").unwrap();
        app.hub.sessions().broadcast("two");
        assert_eq!(client.message().await, "one".into());
        assert_eq!(client.message().await, "two".into());
        assert!(app.hub.sessions().disconnect(&sid));
        assert_eq!(client.next().await, Seen::Packet(Packet::Close));
        assert_eq!(client.next().await, Seen::Close(Some(1000)));
        assert!(!app.hub.sessions().disconnect(&sid));
        let lost = app.hub.sessions().send(&sid, "three");
        assert_eq!(lost, Err(SendError::Closed("three".into())));
        assert_eq!(app.log.lines(), ["opened V4 websocket", "closed Application"]);
    });
}

#[test]
fn socket_that_is_dropped_closes_its_session_after_the_rest() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (socket, mut client) = connected(&app).await;
        let sender = socket.sender();
        socket.send("last").await.unwrap();
        drop(socket);
        assert!(sender.try_send("later").is_err());
        assert_eq!(client.message().await, "last".into());
        assert_eq!(client.next().await, Seen::Packet(Packet::Close));
        assert_eq!(sender.closed().await, ServerCloseReason::Application);
    });
}

#[test]
fn all_that_a_client_said_is_read_before_the_end() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (mut socket, client) = connected(&app).await;
        for text in ["one", "two", "three"] {
            client.say(text).await;
        }
        client.send(Packet::Close).await;
        app.settle().await;
        assert!(app.hub.sessions().is_empty());
        for text in ["one", "two", "three"] {
            assert_eq!(socket.recv().await, Some(text.into()));
        }
        assert_eq!(socket.recv().await, None);
        assert_eq!(socket.recv().await, None);
        assert_eq!(socket.close_reason(), Some(ServerCloseReason::Peer(None)));
    });
}

#[test]
fn socket_that_moves_to_another_task_wakes_that_one() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (mut socket, mut client) = connected(&app).await;
        client.say("one").await;
        assert_eq!(socket.recv().await, Some("one".into()));
        assert!(socket.poll_recv(&mut Context::from_waker(Waker::noop())).is_pending());
        let echoing = app.spawn(async move {
            while let Some(message) = socket.recv().await {
                socket.send(message).await.unwrap();
            }
        });
        app.settle().await;
        for text in ["two", "three"] {
            client.say(text).await;
            assert_eq!(client.message().await, text.into());
        }
        client.send(Packet::Close).await;
        app.settle().await;
        assert!(echoing.is_done() && !echoing.has_panicked());
    });
}

/// A task that nobody polls.
struct Idle;

impl Wake for Idle {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn session_that_is_detached_keeps_no_task() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (mut socket, client) = connected(&app).await;
        let task = Arc::new(Idle);
        let waker = Waker::from(Arc::clone(&task));
        client.say("one").await;
        app.settle().await;
        let received = socket.poll_recv(&mut Context::from_waker(&waker));
        assert_eq!(received, Poll::Ready(Some("one".into())));
        drop(waker);
        socket.detach();
        assert_eq!(Arc::strong_count(&task), 1);
        assert_eq!(app.hub.sessions().len(), 1);
    });
}

#[test]
fn what_comes_while_the_application_is_elsewhere_is_there_when_it_is_back() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (mut socket, client) = connected(&app).await;
        for text in ["one", "two"] {
            client.say(text).await;
            app.settle().await;
            assert_eq!(socket.recv().await, Some(text.into()));
        }
        client.send(Packet::Close).await;
        app.settle().await;
        assert_eq!(socket.recv().await, None);
    });
}

#[test]
fn unknown_name_is_nobody() {
    let world = World::new();
    let sid = Sid::from_text("nobody").unwrap();
    assert!(!world.hub.sessions().disconnect(&sid));
    assert!(world.hub.sessions().send(&sid, "hello").is_err());
    world.hub.sessions().broadcast("hello");
}

#[test]
fn handles_of_a_server_that_is_gone_have_nothing_to_wait_for() {
    let world = World::new();
    let executor = world.executor.clone();
    executor.run(1, async move {
        let call = world.get("EIO=4&transport=polling");
        let mut socket = world.accept().await;
        assert_eq!(call.status().await, 200);
        let sender = socket.sender();
        let reading = world.spawn(async move { assert_eq!(socket.recv().await, None) });
        let closed = world.spawn(async move {
            assert_eq!(sender.closed().await, ServerCloseReason::Shutdown);
        });
        world.settle().await;
        let World { hub, time, driver, .. } = world;
        drop(hub);
        time.sleep_until(time.now() + Duration::from_nanos(1)).await;
        assert!(reading.is_done() && !reading.has_panicked());
        assert!(closed.is_done() && !closed.has_panicked());
        assert!(driver.is_done());
    });
}

#[test]
fn task_may_die_with_the_waker_that_another_displaced() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (socket, client) = connected(&app).await;
        let query = format!("{WEBSOCKET}&sid={}", socket.sid().as_str());
        let socket = Arc::new(Mutex::new(socket));
        for _ in 0..3 {
            // Only its waker, in the session, keeps this task alive, and the task owns a seat of
            // the same session.
            let (request, ()) = websocket_request(&query).body(()).unwrap().into_parts();
            let seat = app.hub.admit(&request).unwrap();
            let socket = Arc::clone(&socket);
            drop(app.spawn(async move {
                poll_fn(|cx| socket.lock().unwrap().poll_recv(cx)).await;
                drop(seat);
            }));
            app.settle().await;
        }
        client.say("hello").await;
        app.settle().await;
        assert_eq!(app.hub.sessions().len(), 1);
    });
}

#[test]
fn many_sessions_on_both_transports_mind_their_own_business() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut tasks = Vec::new();
        for number in 0..200 {
            let app = app.clone();
            tasks.push(app.clone().spawn(async move {
                let text = |round: usize| format!("{number} in {round}");
                if number % 2 == 0 {
                    let mut client = Polling::open(&app).await;
                    for round in 0..20 {
                        client.send(text(round)).await;
                        assert_eq!(client.message().await, text(round).into());
                    }
                    assert_eq!(client.post(&[Packet::Close]).await, 200);
                } else {
                    let mut client = WebSocket::open(&app).await;
                    for round in 0..20 {
                        client.say(text(round)).await;
                        assert_eq!(client.message().await, text(round).into());
                    }
                    client.send(Packet::Close).await;
                }
            }));
        }
        app.sleep(Duration::from_secs(1)).await;
        assert!(tasks.iter().all(|task| task.is_done() && !task.has_panicked()));
        assert!(app.hub.sessions().is_empty());
        let polls = app.executor.polls();
        assert!(polls < 200 * 20 * 10, "{polls}");
        assert_eq!(app.log.count("opened"), 200);
        assert_eq!(app.log.count("closed"), 200);
        assert_eq!(app.log.lines().len(), 400);
    });
}
