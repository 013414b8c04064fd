//! A session on a WebSocket: its connection, senders, a reader, waits, and its end.

use shuttle::future::block_on;
use shuttle::thread;

use super::world::{World, check};

/// The messages of one source, in their order.
fn of<'a>(all: &'a [String], source: &str) -> Vec<&'a str> {
    all.iter().filter_map(|packet| packet.strip_prefix(source)).collect()
}

#[test]
fn every_message_arrives_once_and_in_order_whoever_sends_and_flushes() {
    check(|| {
        let world = World::new();
        let (client, mut socket) = world.open_websocket();
        let sender = socket.sender();
        let other = thread::spawn(move || {
            block_on(async {
                for number in 0..3 {
                    sender.send(format!("s{number}")).await.expect("an open session");
                }
                sender.flush().await;
                sender.closed().await
            })
        });
        let application = thread::spawn(move || {
            block_on(async {
                let mut count = 0;
                while let Some(message) = socket.recv().await {
                    if socket.send(message).await.is_ok() {
                        count += 1;
                    }
                }
                (count, socket.closed().await)
            })
        });
        let writer = client.clone();
        let writing = thread::spawn(move || (0..3).for_each(|it| writer.say(&format!("4e{it}"))));
        let all: Vec<_> = (0..6).map(|_| client.frame().expect("a message")).collect();
        writing.join().expect("no panic");
        assert_eq!(of(&all, "4e"), ["0", "1", "2"]);
        assert_eq!(of(&all, "4s"), ["0", "1", "2"]);
        client.say("1");
        assert_eq!(client.frame(), None);
        client.await_end();
        let reason = other.join().expect("no panic");
        assert_eq!(application.join().expect("no panic"), (3, reason));
        world.end();
    });
}

#[test]
fn all_senders_get_on_while_one_gives_up_waiting() {
    check(|| {
        let world = World::new();
        let (client, socket) = world.open_websocket();
        let threads: Vec<_> = (0..3)
            .map(|number| {
                let sender = socket.sender();
                thread::spawn(move || {
                    let mut sending = Box::pin(sender.send(format!("{number}")));
                    if number == 2 {
                        // Polled once, and dropped: it was taken then or never.
                        let now = &mut std::task::Context::from_waker(std::task::Waker::noop());
                        return sending.as_mut().poll(now).is_ready();
                    }
                    block_on(sending).expect("an open session");
                    true
                })
            })
            .collect();
        let sent = threads.into_iter().map(|it| it.join().expect("no panic"));
        let count = sent.filter(|is_sent| *is_sent).count();
        socket.close();
        let mut all = Vec::new();
        while let Some(packet) = client.frame() {
            all.push(packet);
        }
        assert_eq!(all.pop().as_deref(), Some("1"));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "{all:?}");
        client.await_end();
        world.end();
    });
}

#[test]
fn everybody_who_waits_hears_of_a_reset() {
    check(|| {
        let world = World::new();
        let (client, mut socket) = world.open_websocket();
        let waits: Vec<_> = (0..2)
            .map(|_| {
                let sender = socket.sender();
                thread::spawn(move || {
                    block_on(async {
                        while sender.send("x".repeat(100)).await.is_ok() {
                            sender.flush().await;
                        }
                        sender.closed().await
                    })
                })
            })
            .collect();
        let reader =
            thread::spawn(move || block_on(async { while socket.recv().await.is_some() {} }));
        client.say("4a");
        client.reset();
        client.await_end();
        for wait in waits {
            wait.join().expect("no panic");
        }
        reader.join().expect("no panic");
        world.end();
    });
}

#[test]
fn abort_and_close_at_once_end_a_session_once() {
    check(|| {
        let world = World::new();
        let (client, socket) = world.open_websocket();
        let closing = socket.sender();
        let closing = thread::spawn(move || closing.close());
        let hub = world.hub.clone();
        let aborting = thread::spawn(move || hub.abort());
        client.say("4a");
        while client.frame().is_some() {}
        client.await_end();
        closing.join().expect("no panic");
        aborting.join().expect("no panic");
        block_on(socket.closed());
        drop(socket);
        world.end();
    });
}
