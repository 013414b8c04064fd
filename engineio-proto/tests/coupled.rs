//! Input that is coupled to output: a client that takes no messages isn't read.

mod common;

use common::{Scene, ServerCloseReason, scenario};
use engineio_proto::server::Session;

/// Writable up to a kilobyte, and again once that has left.
fn coupled(open: impl FnOnce(common::Scenario) -> Scene) -> Scene {
    let marks = scenario().v3().config(|it| it.outbox_high_water(1_000).outbox_low_water(500));
    let mut scene = open(marks);
    Session::couple_input(&mut scene.session);
    scene
}

fn websocket() -> Scene {
    coupled(common::Scenario::websocket)
}

fn polling() -> Scene {
    coupled(|scenario| scenario.polling().followed())
}

/// Sends a kilobyte, which is as much as there is room for.
fn fill(scene: &mut Scene) {
    scene.send("x".repeat(1_000));
    assert!(!scene.session.is_writable());
}

#[test]
fn websocket_is_not_read_while_its_peer_takes_nothing() {
    let mut scene = websocket();
    let conn = scene.conn("w1");
    assert!(scene.session.wants_input(conn));
    fill(&mut scene);
    assert!(!scene.session.wants_input(conn));
    assert_eq!(scene.pull(conn).len(), 1_001);
    assert!(scene.session.wants_input(conn));
}

#[test]
fn websocket_of_a_session_that_is_not_coupled_is_read_all_the_same() {
    let marks = scenario().config(|it| it.outbox_high_water(1_000).outbox_low_water(500));
    let mut scene = marks.websocket();
    fill(&mut scene);
    assert!(scene.session.wants_input(scene.conn("w1")));
}

#[test]
fn full_inbox_stops_a_coupled_websocket_too() {
    let mut scene = coupled(|it| it.config(|it| it.inbox_high_water(1_000)).websocket());
    let conn = scene.conn("w1");
    scene.frame(conn, &format!("4{}", "x".repeat(1_000)));
    assert!(!scene.session.wants_input(conn));
    scene.event().expect("a message");
    assert!(scene.session.wants_input(conn));
}

#[test]
fn ok_of_a_post_is_withheld_until_a_poll_takes_what_waits() {
    let mut scene = polling();
    fill(&mut scene);
    let post = scene.post(&["4a"]);
    assert_eq!(scene.events(), "a", "what came is delivered");
    scene.wait(3_999);
    assert_eq!(scene.pull(post), "");
    let get = scene.get();
    assert_eq!(scene.pull(get).len(), "200 4".len() + 1_000);
    assert_eq!(scene.pull(post), "200 ok");
}

#[test]
fn ok_of_a_post_is_withheld_for_four_seconds_at_most() {
    let mut scene = polling();
    fill(&mut scene);
    let post = scene.post(&["4a"]);
    assert_eq!(scene.events(), "a");
    scene.run_until(3_999);
    assert_eq!(scene.pull(post), "");
    scene.run_until(4_000);
    assert_eq!(scene.pull(post), "200 ok");
}

#[test]
fn wait_for_a_ping_stands_still_while_nothing_is_read() {
    let mut scene = websocket();
    scene.wait_until(30_000);
    fill(&mut scene);
    scene.run_until(80_000);
    assert!(!scene.session.is_closed());
    scene.pull(scene.conn("w1"));
    // With the pong for the ping that must have come, from which on the client waits again.
    assert_eq!(scene.due(), Some(125_000));
}

#[test]
fn websocket_whose_peer_takes_nothing_for_a_minute_is_given_up() {
    let mut scene = websocket();
    scene.wait_until(1_000);
    fill(&mut scene);
    scene.run_until(60_999);
    assert!(!scene.session.is_closed());
    scene.run_until(61_000);
    assert_eq!(scene.session.close_reason(), Some(&ServerCloseReason::Overloaded));
    assert_eq!(scene.pull(scene.conn("w1")), "hangup 1008");
}

#[test]
fn client_that_polls_nothing_for_a_minute_is_given_up() {
    let mut scene = polling();
    fill(&mut scene);
    scene.post(&["2"]);
    scene.run_until(44_000);
    scene.post(&["2"]);
    scene.run_until(59_999);
    assert!(!scene.session.is_closed());
    scene.run_until(60_000);
    assert_eq!(scene.session.close_reason(), Some(&ServerCloseReason::Overloaded));
}

#[test]
fn peer_that_takes_something_has_another_minute() {
    let mut scene = websocket();
    let conn = scene.conn("w1");
    let batch = (0..3).map(|_| "x".repeat(1_000).into());
    scene.send(common::Outgoing::batch(batch));
    scene.run_until(59_000);
    scene.transmit(conn).expect("a pong, for the ping that must have come");
    scene.transmit(conn).expect("a message");
    assert!(!scene.session.wants_input(conn), "two kilobytes wait");
    scene.run_until(118_999);
    assert!(!scene.session.is_closed());
    scene.run_until(119_000);
    assert_eq!(scene.session.close_reason(), Some(&ServerCloseReason::Overloaded));
}
