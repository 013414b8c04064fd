//! Messages that wait to leave: water marks, batches, and what needn't be kept.

mod common;

use common::{Outgoing, Scenario, scenario};
use engineio_proto::SendError;

fn kilobyte() -> String {
    "x".repeat(1_000)
}

/// Full at two messages of a kilobyte, empty enough at one.
fn small_outbox() -> Scenario {
    scenario().config(|config| config.outbox_high_water(2_000).outbox_low_water(1_500))
}

#[test]
fn full_outbox_refuses_until_it_has_sunk_to_the_low_mark() {
    let mut scene = small_outbox().websocket();
    let conn = scene.conn("w1");
    scene.send(kilobyte());
    assert!(scene.session.is_writable());
    scene.send(kilobyte());
    assert!(!scene.session.is_writable());
    let error = scene.session.send("a").expect_err("it is full");
    assert_eq!(error, SendError::Full("a".into()));
    scene.transmit(conn);
    assert!(scene.session.is_writable(), "one kilobyte waits");
    scene.transmit(conn);
    assert_eq!(scene.session.queued_bytes(), 0);
}

#[test]
fn batch_is_queued_whole_or_not_at_all() {
    let mut scene = small_outbox().websocket();
    let batch = || Outgoing::batch((0..5).map(|_| kilobyte().into()));
    assert_eq!(scene.session.send(batch()), Ok(5));
    assert_eq!(scene.session.send(batch()), Err(SendError::Full(batch())));
    assert_eq!(scene.session.accepted(), 5);
}

#[test]
fn volatile_message_is_dropped_rather_than_refused() {
    let mut scene = small_outbox().websocket();
    let volatile = || Outgoing::from("v").volatile();
    scene.send(volatile());
    scene.send(kilobyte());
    scene.send(kilobyte());
    assert_eq!(scene.session.send(volatile()), Ok(3), "dropped");
    let sent = scene.pull(scene.conn("w1"));
    assert_eq!(sent.matches("4v").count(), 1);
}

#[test]
fn only_the_newest_of_a_key_is_kept_and_it_is_never_refused() {
    let mut scene = scenario().polling().followed();
    for (key, message) in [(1, "a1"), (2, "b1"), (1, "a2"), (1, "a3"), (2, "b2")] {
        scene.send(Outgoing::from(message).keep_latest(key));
    }
    scene.send("c");
    scene.get();
    assert_eq!(scene.outcome(), "g1: 200 4a3␞4b2␞4c | polling");
    assert_eq!(scene.session.handed_over(), 6);
    let mut scene = small_outbox().websocket();
    scene.send(Outgoing::batch((0..5).map(|_| kilobyte().into())));
    scene.send(Outgoing::from("a1").keep_latest(1));
    scene.send(Outgoing::from("a2").keep_latest(1));
    assert!(scene.pull(scene.conn("w1")).ends_with("4a2"));
}

#[test]
fn message_dropped_for_a_newer_one_makes_room() {
    let mut scene = small_outbox().websocket();
    scene.send(Outgoing::from(kilobyte()).keep_latest(1));
    scene.send(Outgoing::from(kilobyte()).keep_latest(2));
    assert!(!scene.session.is_writable());
    scene.send(Outgoing::from("short").keep_latest(2));
    assert!(scene.session.is_writable());
}

#[test]
fn positions_tell_what_has_left() {
    let mut scene = scenario().websocket();
    assert_eq!((scene.send("a"), scene.send("b"), scene.session.handed_over()), (1, 2, 0));
    scene.transmit(scene.conn("w1"));
    assert_eq!(scene.session.handed_over(), 1);
    scene.transmit(scene.conn("w1"));
    assert_eq!(scene.session.handed_over(), 2);
}
