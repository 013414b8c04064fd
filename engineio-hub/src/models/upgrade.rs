//! The upgrade, while the application sends.

use shuttle::future::block_on;
use shuttle::thread;

use super::world::{World, answer, body, check};

#[test]
fn upgrade_loses_and_reorders_nothing_that_is_sent_meanwhile() {
    check(|| {
        let world = World::new();
        let (target, socket) = world.open_polling();
        let sending = thread::spawn(move || {
            block_on(async {
                for number in 0..4 {
                    socket.send(number.to_string()).await.expect("an open session");
                }
                socket.flush().await;
                socket
            })
        });
        let probe = world.connect(&target);
        let seat = world.poll(&target);
        let polling = thread::spawn(move || body(answer(seat)));
        probe.say("2probe");
        assert_eq!(probe.frame().as_deref(), Some("3probe"));
        let (status, polled) = polling.join().expect("no panic");
        assert_eq!(status, 200);
        let mut all: Vec<_> = polled.split('\u{1e}').map(str::to_owned).collect();
        probe.say("5");
        all.retain(|packet| packet != "6");
        while all.len() < 4 {
            all.push(probe.frame().expect("a message"));
        }
        assert_eq!(all, ["40", "41", "42", "43"]);
        drop(sending.join().expect("no panic"));
        while probe.frame().is_some() {}
        world.end();
    });
}

#[test]
fn probe_that_breaks_harms_no_poll() {
    check(|| {
        let world = World::new();
        let (target, socket) = world.open_polling();
        let probe = world.connect(&target);
        let breaking = thread::spawn(move || {
            probe.say("2probe");
            probe.reset();
            probe.await_end();
        });
        let sender = socket.sender();
        let sending = thread::spawn(move || block_on(sender.send("a")).expect("an open session"));
        let mut all = Vec::new();
        while all.is_empty() {
            let (status, polled) = body(answer(world.poll(&target)));
            assert_eq!(status, 200);
            all.extend(polled.split('\u{1e}').filter(|it| *it != "6").map(str::to_owned));
        }
        assert_eq!(all, ["4a"]);
        sending.join().expect("no panic");
        breaking.join().expect("no panic");
        drop(socket);
        world.end();
    });
}
