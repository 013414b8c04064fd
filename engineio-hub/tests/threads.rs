//! The same sessions from several threads at once.

#![allow(clippy::wildcard_enum_match_arm, reason = "anything else is a failure")]

mod common;

use core::future::poll_fn;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::sync::Arc;

use engineio_hub::ServerEvent;
use engineio_proto::{Message, Packet, Revision};

use common::polling::Polling;
use common::websocket::WebSocket;
use common::world::World;

const THREADS: usize = 4;
const SESSIONS: usize = 24;
const COUNT: usize = 300;

/// A message that begins with its number, and sometimes exceeds a water mark.
fn numbered(number: usize) -> Message {
    let width = if number.is_multiple_of(50) { 3000 } else { 8 };
    format!("{number:<width$}").into()
}

fn number(message: &Message) -> usize {
    message.as_text().unwrap().trim_end().parse().unwrap()
}

/// Counts down, and lets the test wait for zero.
async fn wait_for(world: &World, left: &AtomicUsize) {
    while left.load(SeqCst) > 0 {
        world.sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn echoes_keep_their_order_on_every_transport() {
    let world = World::narrow();
    world.echo();
    let client = world.clone();
    world.executor.run(THREADS, async move {
        let left = Arc::new(AtomicUsize::new(SESSIONS));
        for kind in 0..SESSIONS {
            let (world, left) = (client.clone(), Arc::clone(&left));
            client.spawn(async move {
                match kind % 3 {
                    0 => polling(&world).await,
                    1 => websocket(&world, WebSocket::open(&world).await).await,
                    _ => {
                        let (socket, _) = Polling::open(&world).await.upgrade().await;
                        websocket(&world, socket).await;
                    }
                }
                left.fetch_sub(1, SeqCst);
            });
        }
        wait_for(&client, &left).await;
        client.hub.close(Duration::from_secs(1));
        poll_fn(|cx| client.hub.poll_closed(cx)).await;
        let polls = client.executor.polls();
        println!("{polls} polls, {:?}", client.elapsed());
        assert!(polls < SESSIONS * COUNT * 30, "{polls}");
        assert_eq!(client.log.count("opened"), SESSIONS);
        assert_eq!(client.log.count("upgraded"), SESSIONS / 3);
        assert_eq!(client.log.count("closed"), SESSIONS);
    });
}

async fn polling(world: &World) {
    let mut reader = Polling::open(world).await;
    let writer = reader.writer();
    world.spawn(async move {
        let all = (0..COUNT).map(|it| Packet::Message(numbered(it))).collect::<Vec<_>>();
        for some in all.chunks(3) {
            assert_eq!(writer.post(some).await, 200);
        }
    });
    for expected in 0..COUNT {
        assert_eq!(number(&reader.message().await), expected);
    }
}

async fn websocket(world: &World, mut reader: WebSocket) {
    let writer = reader.writer();
    world.spawn(async move {
        for it in 0..COUNT {
            writer.say(numbered(it)).await;
        }
    });
    for expected in 0..COUNT {
        assert_eq!(number(&reader.message().await), expected);
    }
}

#[test]
fn many_senders_of_one_session_all_get_on() {
    const SENDERS: usize = 16;
    let world = World::narrow();
    let app = world.clone();
    world.executor.run(THREADS, async move {
        app.set_capacity(500);
        let call = app.websocket("EIO=4&transport=websocket");
        let socket = app.accept().await;
        let mut client = WebSocket::new(Revision::V4, call.upgraded().await);
        client.packet().await;
        for sender_id in 0..SENDERS {
            let sender = socket.sender();
            app.spawn(async move {
                for it in 0..COUNT {
                    sender.send(numbered(it * SENDERS + sender_id)).await.unwrap();
                    if it % 20 == 0 {
                        sender.flush().await;
                    }
                }
            });
        }
        let mut next = [0; SENDERS];
        for _ in 0..SENDERS * COUNT {
            let number = number(&client.message().await);
            assert_eq!(number / SENDERS, next[number % SENDERS], "each sender's order");
            next[number % SENDERS] += 1;
        }
        let polls = app.executor.polls();
        println!("{polls} polls");
        assert!(polls < SENDERS * COUNT * SENDERS, "{polls}");
        assert!(app.elapsed() < Duration::from_secs(1), "{:?}", app.elapsed());
    });
}

#[test]
fn every_event_is_told_once_and_in_order_also_while_the_server_closes() {
    for _ in 0..20 {
        let world = World::new();
        let client = world.clone();
        world.executor.run(THREADS, async move {
            let mut events = client.hub.events_with(|_| Ok(0));
            let left = Arc::new(AtomicUsize::new(SESSIONS));
            for _ in 0..SESSIONS {
                let (world, left) = (client.clone(), Arc::clone(&left));
                client.spawn(async move {
                    let socket = WebSocket::open(&world).await;
                    for it in 0..10 {
                        socket.say(numbered(it)).await;
                    }
                    world.settle().await;
                    left.fetch_sub(1, SeqCst);
                    let mut socket = socket;
                    socket.rest().await;
                });
            }
            let (closer, begun) = (client.clone(), Arc::clone(&left));
            client.spawn(async move {
                wait_for(&closer, &begun).await;
                closer.hub.close(Duration::from_millis(10));
            });
            let mut told = std::collections::HashMap::new();
            let mut ended = 0;
            while let Some(event) = events.next().await {
                match event {
                    ServerEvent::Connect(sender) => {
                        assert_eq!(told.insert(sender.sid().clone(), 0), None);
                    }
                    ServerEvent::Message(sender, message) => {
                        let next = told.get_mut(sender.sid()).unwrap();
                        assert_eq!(number(&message), *next);
                        *next += 1;
                    }
                    ServerEvent::Disconnect(sender, _) => {
                        assert_eq!(told.remove(sender.sid()), Some(10));
                        ended += 1;
                    }
                    other => panic!("unexpected {other:?}"),
                }
            }
            assert_eq!(ended, SESSIONS);
        });
    }
}

#[test]
fn clients_that_leave_at_any_moment_leave_nothing() {
    for round in 0..200_u64 {
        let world = World::new();
        world.echo();
        let client = world.clone();
        world.executor.run(THREADS, async move {
            for number in 0..20 {
                let call = if number % 2 == 0 {
                    client.get("EIO=4&transport=polling")
                } else {
                    client.websocket("EIO=4&transport=websocket")
                };
                for _ in 0..(round + number) % 7 {
                    std::thread::yield_now();
                }
                drop(call);
            }
            client.sleep(Duration::from_secs(60)).await;
            assert_eq!(client.hub.sessions().len(), 0);
            client.hub.close(Duration::ZERO);
            poll_fn(|cx| client.hub.poll_closed(cx)).await;
            assert_eq!(client.log.count("opened"), client.log.count("closed"));
        });
    }
}
