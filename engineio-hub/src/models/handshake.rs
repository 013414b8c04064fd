//! A handshake: the client, the application, the clock and the closing server decide at once.

use shuttle::future::block_on;
use shuttle::thread;

use std::future::poll_fn;
use std::time::Duration;

use super::world::{World, answer, body, check, get};

const TARGET: &str = "/engine.io/?EIO=4&transport=polling";

#[test]
fn client_that_leaves_while_it_is_accepted_leaves_nothing() {
    check(|| {
        let world = World::with(|config| config.max_waiting(1));
        let seat = world.admit(get(TARGET));
        let hub = world.hub.clone();
        let accepting = thread::spawn(move || {
            while let Some(incoming) = block_on(poll_fn(|cx| hub.poll_incoming(cx))) {
                if let Some(socket) = incoming.accept() {
                    socket.detach();
                }
            }
        });
        drop(seat);
        // Its place is free for the next one.
        let (status, text) = body(answer(world.admit(get(TARGET))));
        assert_eq!(status, 200, "{text}");
        world.end();
        accepting.join().expect("no panic");
    });
}

#[test]
fn handshake_is_decided_once_by_the_application_the_clock_or_the_end() {
    check(|| {
        let world = World::new();
        let seat = world.admit(get(TARGET));
        let asking = thread::spawn(move || body(answer(seat)));
        let hub = world.hub.clone();
        let accepting = thread::spawn(move || {
            let incoming = block_on(poll_fn(|cx| hub.poll_incoming(cx)));
            incoming.and_then(|incoming| incoming.accept()).is_some()
        });
        let clock = world.clone();
        let passing = thread::spawn(move || clock.clock.pass(20_000));
        let hub = world.hub.clone();
        let closing = thread::spawn(move || hub.close(Duration::ZERO));
        let (status, text) = asking.join().expect("no panic");
        let is_accepted = accepting.join().expect("no panic");
        assert_eq!(is_accepted, status == 200, "{status}: {text}");
        assert!(matches!(status, 200 | 503), "{status}: {text}");
        passing.join().expect("no panic");
        closing.join().expect("no panic");
        world.end();
    });
}

#[test]
fn handshake_that_nobody_decides_is_refused_when_its_time_is_up() {
    check(|| {
        let world = World::new();
        let seat = world.admit(get(TARGET));
        let asking = thread::spawn(move || body(answer(seat)).0);
        world.clock.pass(20_000);
        assert_eq!(asking.join().expect("no panic"), 503);
        world.end();
    });
}
