//! A session over polling: each request has one answer, and no message is lost or comes twice.

use shuttle::future::block_on;
use shuttle::thread;

use super::world::{World, answer, body, check};

/// Polls until this many messages have come.
fn collect(world: &World, target: &str, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < count {
        let (status, body) = body(answer(world.poll(target)));
        assert_eq!(status, 200, "{body}");
        all.extend(body.split('\u{1e}').map(str::to_owned));
    }
    all
}

#[test]
fn waiting_poll_is_answered_whoever_sends() {
    check(|| {
        let world = World::new();
        let (target, socket) = world.open_polling();
        let senders: Vec<_> = ["a", "b"]
            .map(|name| {
                let sender = socket.sender();
                thread::spawn(move || {
                    block_on(async {
                        for number in 0..2 {
                            let message = format!("{name}{number}");
                            sender.send(message).await.expect("an open session");
                        }
                        sender.flush().await;
                    });
                })
            })
            .into();
        let all = collect(&world, &target, 4);
        for name in ["4a", "4b"] {
            let numbers = all.iter().filter_map(|it| it.strip_prefix(name)).collect::<Vec<_>>();
            assert_eq!(numbers, ["0", "1"]);
        }
        for sender in senders {
            sender.join().expect("no panic");
        }
        drop(socket);
        world.end();
    });
}

#[test]
fn post_gets_its_ok_when_the_application_has_read() {
    check(|| {
        let world = World::new();
        let (target, mut socket) = world.open_polling();
        let posts = [world.post(&target, "4one\u{1e}4two")];
        let mut read = Vec::new();
        block_on(async {
            while read.len() < 2 {
                read.push(socket.recv().await.expect("an open session"));
            }
        });
        // The next wait tells the session that these were handled.
        let reader = thread::spawn(move || block_on(async { socket.recv().await.is_none() }));
        for post in posts {
            assert_eq!(post.join().expect("no panic"), (200, "ok".to_owned()));
        }
        assert_eq!(read.iter().filter_map(|it| it.as_text()).collect::<Vec<_>>(), ["one", "two"]);
        world.end();
        assert!(reader.join().expect("no panic"));
    });
}

#[test]
fn poll_that_is_dropped_while_a_message_comes_loses_none() {
    check(|| {
        let world = World::new();
        let (target, socket) = world.open_polling();
        let dropped = world.poll(&target);
        let sender = socket.sender();
        let sending = thread::spawn(move || {
            block_on(sender.send("a")).expect("an open session");
        });
        let leaving = thread::spawn(move || drop(dropped));
        leaving.join().expect("no panic");
        assert_eq!(collect(&world, &target, 1), ["4a"]);
        sending.join().expect("no panic");
        drop(socket);
        world.end();
    });
}

#[test]
fn poll_and_post_are_answered_once_while_the_session_ends() {
    check(|| {
        let world = World::new();
        let (target, socket) = world.open_polling();
        let seat = world.poll(&target);
        let polling = thread::spawn(move || body(answer(seat)));
        let post = world.post(&target, "4a");
        let closing = thread::spawn(move || socket.close());
        let (status, polled) = polling.join().expect("no panic");
        assert!(matches!(status, 200 | 400), "{status}: {polled}");
        let (status, posted) = post.join().expect("no panic");
        assert!(matches!(status, 200 | 400), "{status}: {posted}");
        closing.join().expect("no panic");
        world.end();
    });
}
