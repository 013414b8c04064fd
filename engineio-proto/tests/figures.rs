//! The figures that a session keeps for metrics.
#![cfg(feature = "metrics")]

mod common;

use core::time::Duration;

use common::{REVISIONS, Revision, scenario};
use engineio_proto::{Message, Outgoing, Traffic};

fn figures(traffic: Traffic) -> [u64; 4] {
    let Traffic { messages_received, bytes_received, messages_sent, bytes_sent, .. } = traffic;
    [messages_received, bytes_received, messages_sent, bytes_sent]
}

#[test]
fn messages_and_their_bytes_are_counted_when_they_come_and_when_they_leave() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().parked();
        scene.post(&["4abc", "4de"]);
        scene.send(Outgoing::batch(["fghi".into(), Message::from("")]));
        assert_eq!(figures(scene.session.take_traffic()), [2, 5, 0, 0]);
        scene.wait(5);
        scene.outcome();
        assert_eq!(figures(scene.session.take_traffic()), [0, 0, 2, 4]);
        assert_eq!(scene.session.take_traffic(), Traffic::default());
    }
}

#[test]
fn messages_over_a_websocket_are_counted_too() {
    let mut scene = scenario().polling().upgraded();
    scene.frame(scene.conn("w1"), "4abc");
    scene.send("de");
    scene.outcome();
    assert_eq!(figures(scene.session.take_traffic()), [1, 3, 1, 2]);
}

#[test]
fn message_that_was_replaced_or_lost_is_not_counted_as_sent() {
    let mut scene = scenario().polling().upgraded();
    scene.send(Outgoing::from("old").keep_latest(1));
    scene.send(Outgoing::from("new!").keep_latest(1));
    scene.outcome();
    scene.send("lost");
    scene.fail(scene.conn("w1"), common::Failure::Gone);
    scene.outcome();
    assert_eq!(figures(scene.session.take_traffic()), [0, 0, 1, 4]);
}

#[test]
fn round_trip_is_from_the_ping_to_its_pong() {
    let mut scene = scenario().polling().upgraded();
    scene.wait_until(25_000);
    assert!(scene.outcome().starts_with("w1: 2"));
    scene.wait(120);
    assert_eq!(scene.session.take_round_trip(), None);
    scene.frame(scene.conn("w1"), "3");
    assert_eq!(scene.session.take_round_trip(), Some(Duration::from_millis(120)));
    // Unsolicited pongs measure nothing.
    scene.frame(scene.conn("w1"), "3");
    assert_eq!(scene.session.take_round_trip(), None);
}

#[test]
fn client_that_pings_is_not_measured() {
    let mut scene = scenario().revision(Revision::V3).polling().upgraded();
    scene.frame(scene.conn("w1"), "2");
    scene.outcome();
    assert_eq!(scene.session.take_round_trip(), None);
}
