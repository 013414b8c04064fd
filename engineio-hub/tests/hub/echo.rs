//! All messages come back, in order and without useless polls.

use core::time::Duration;

use engineio_proto::{Message, Packet, Revision};

use crate::common::polling::Polling;
use crate::common::websocket::WebSocket;
use crate::common::world::World;

fn numbered(number: usize, length: usize) -> Message {
    format!("{number:>length$}").into()
}

/// A length that depends on the number: mostly small, sometimes over a water mark.
const fn length(number: usize) -> usize {
    if number.is_multiple_of(50) { 3000 } else { 8 + number % 90 }
}

#[test]
fn echo_over_polling_never_stands_still() {
    const COUNT: usize = 3000;
    for revision in [Revision::V3, Revision::V4] {
        let world = World::narrow();
        world.echo();
        let client = world.clone();
        world.run(async move {
            let mut reader = Polling::open_as(&client, revision).await;
            let writer = reader.writer();
            client.spawn(async move {
                let all = (0..COUNT).map(|it| Packet::Message(numbered(it, length(it))));
                let all = all.collect::<Vec<_>>();
                for some in all.chunks(7) {
                    assert_eq!(writer.post(some).await, 200);
                }
            });
            for number in 0..COUNT {
                assert_eq!(reader.message().await, numbered(number, length(number)));
            }
        });
        let polls = world.executor.polls();
        println!("{revision:?}: {polls} polls of tasks, {:?}", world.elapsed());
        assert!(polls < 8 * COUNT, "{polls}");
        assert!(world.elapsed() < Duration::from_secs(20), "{:?}", world.elapsed());
    }
}

#[test]
fn echo_over_websocket_never_stands_still() {
    const COUNT: usize = 5000;
    for capacity in [1, 100, 4096, 1 << 20] {
        let count = COUNT.min(capacity * 200);
        let world = World::narrow();
        world.echo();
        world.set_capacity(capacity);
        let client = world.clone();
        world.run(async move {
            let mut reader = WebSocket::open(&client).await;
            let writer = reader.writer();
            client.spawn(async move {
                for number in 0..count {
                    writer.say(numbered(number, length(number))).await;
                }
            });
            for number in 0..count {
                assert_eq!(reader.message().await, numbered(number, length(number)));
            }
        });
        let polls = world.executor.polls();
        println!("capacity {capacity}: {polls} polls of tasks for {count} messages");
        assert_eq!(world.elapsed(), Duration::ZERO);
    }
}

#[test]
fn nothing_is_lost_or_reordered_by_an_upgrade() {
    const COUNT: usize = 3000;
    for upgrade_at in [0, 1, 700] {
        let world = World::narrow();
        world.echo();
        let client = world.clone();
        world.run(async move {
            let mut polling = Polling::open(&client).await;
            let mut received = Vec::new();
            for number in 0..upgrade_at {
                polling.send(numbered(number, length(number))).await;
                if number % 5 == 4 {
                    for _ in 0..5 {
                        received.push(polling.message().await);
                    }
                }
            }
            let (mut reader, left) = polling.upgrade().await;
            for packet in left {
                let Packet::Message(message) = packet else { panic!("unexpected {packet:?}") };
                received.push(message);
            }
            let writer = reader.writer();
            client.spawn(async move {
                for number in upgrade_at..COUNT {
                    writer.say(numbered(number, length(number))).await;
                }
            });
            while received.len() < COUNT {
                received.push(reader.message().await);
            }
            for (number, message) in received.into_iter().enumerate() {
                assert_eq!(message, numbered(number, length(number)));
            }
        });
    }
}

#[test]
fn slow_readers_on_both_sides_hear_everything() {
    const COUNT: usize = 300;
    let world = World::narrow();
    world.set_capacity(1000);
    let app = world.clone();
    world.run(async move {
        let call = app.websocket("EIO=4&transport=websocket");
        let mut socket = app.accept().await;
        let mut reader = WebSocket::new(Revision::V4, call.upgraded().await);
        reader.packet().await;
        let (writer, slow) = (reader.writer(), app.clone());
        app.spawn(async move {
            while let Some(message) = socket.recv().await {
                slow.sleep(Duration::from_millis(20)).await;
                socket.send(message).await.unwrap();
            }
        });
        app.spawn(async move {
            for number in 0..COUNT {
                writer.say(numbered(number, length(number))).await;
            }
        });
        for number in 0..COUNT {
            assert_eq!(reader.message().await, numbered(number, length(number)));
            app.sleep(Duration::from_millis(30)).await;
        }
        assert!(app.executor.polls() < COUNT * 20, "{}", app.executor.polls());
    });
}
