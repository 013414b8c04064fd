//! A waiting GET waits up to 5 ms more while the application is still at it.

mod common;

use common::{Scene, millis, scenario};

/// Two messages came, the application took the first and has sent one of its own.
fn busy() -> Scene {
    let mut scene = scenario().polling().parked();
    let post = scene.post(&["41", "42"]);
    assert_eq!(scene.pull(post), "200 ok");
    scene.event().expect("a message");
    scene.send("a");
    scene
}

#[test]
fn application_that_answers_a_batch_is_heard_as_one_batch() {
    let mut scene = busy();
    assert_eq!(scene.pull(scene.conn("g1")), "");
    scene.event().expect("a message");
    scene.send("b");
    assert_eq!(scene.pull(scene.conn("g1")), "", "it hasn't come back from the last one");
    assert_eq!(scene.event(), None);
    assert_eq!(scene.outcome(), "g1: 200 4a␞4b | polling");
}

#[test]
fn nobody_waits_longer_than_five_milliseconds_from_the_first_message_on() {
    let mut scene = busy();
    scene.wait(3);
    scene.send("b");
    assert_eq!(scene.due(), Some(5));
    scene.wait(1);
    assert_eq!(scene.pull(scene.conn("g1")), "");
    scene.wait(1);
    assert_eq!(scene.pull(scene.conn("g1")), "200 4a␞4b");
}

#[test]
fn get_that_finds_messages_waits_from_its_own_arrival() {
    let mut scene = busy();
    scene.wait(5);
    assert_eq!(scene.pull(scene.conn("g1")), "200 4a");
    scene.send("b");
    scene.wait(5);
    scene.get();
    scene.wait(4);
    assert_eq!(scene.pull(scene.conn("g2")), "");
    scene.wait(1);
    assert_eq!(scene.pull(scene.conn("g2")), "200 4b");
}

#[test]
fn application_that_speaks_unasked_is_heard_at_once() {
    let mut scene = scenario().polling().parked();
    scene.send("a");
    assert_eq!(scene.pull(scene.conn("g1")), "200 4a");
}

#[test]
fn heartbeat_does_not_wait() {
    let mut scene = scenario().config(|config| config.ping_interval(millis(3))).polling().parked();
    scene.post(&["41"]);
    scene.send("a");
    scene.wait_until(3);
    assert_eq!(scene.pull(scene.conn("g1")), "200 2␞4a");
    let mut scene = scenario().v3().polling().parked();
    scene.post(&["2", "41"]);
    scene.send("a");
    assert_eq!(scene.pull(scene.conn("g1")), "200 3␞4a");
}

#[test]
fn end_does_not_wait() {
    let mut scene = busy();
    scene.close();
    assert_eq!(scene.pull(scene.conn("g1")), "200 4a␞1");
}

#[test]
fn noop_for_a_probe_does_not_wait() {
    let mut scene = busy().probed();
    assert_eq!(scene.pull(scene.conn("g1")), "200 4a");
}

#[test]
fn full_batch_does_not_wait() {
    let mut scene = busy();
    for _ in 2..16 {
        scene.send("a");
    }
    assert_eq!(scene.pull(scene.conn("g1")), "", "15 packets");
    scene.send("a");
    assert!(scene.session.has_transmit(scene.conn("g1")), "16 packets");
    let mut scene = scenario().config(|config| config.max_payload(100)).polling().parked();
    scene.post(&["41"]);
    scene.send("x".repeat(100));
    assert!(scene.session.has_transmit(scene.conn("g1")), "by bytes");
}

#[test]
fn websocket_does_not_wait() {
    let mut scene = scenario().websocket();
    scene.frame(scene.conn("w1"), "41");
    scene.send("a");
    assert_eq!(scene.pull(scene.conn("w1")), "4a");
}
