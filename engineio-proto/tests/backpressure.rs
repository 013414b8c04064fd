//! A slow application: how its peer is made to wait, and for how long.
//!
//! Marks are in bytes with a small charge for each message, so the tests use
//! messages of a kilobyte and marks between.

mod common;

use std::collections::VecDeque;

use common::{ConnId, Failure, Scenario, Scene, scenario};
use engineio_proto::Instant;
use engineio_proto::server::Event;

/// Takes in one message of a kilobyte freely, and a third not at all.
fn narrow() -> Scenario {
    scenario().v3().config(|config| config.inbox_high_water(1_000).inbox_limit(3_000))
}

fn kilobyte() -> String {
    format!("4{}", "x".repeat(1_000))
}

/// Posts a kilobyte.
fn post(scene: &mut Scene) -> ConnId {
    scene.post(&[&kilobyte()])
}

#[test]
fn ok_of_a_post_is_withheld_until_the_application_reads() {
    let mut scene = narrow().polling().followed();
    let conn = post(&mut scene);
    scene.wait(3_999);
    assert_eq!(scene.pull(conn), "");
    scene.event().expect("a message");
    assert_eq!(scene.pull(conn), "200 ok");
}

#[test]
fn ok_of_a_post_is_withheld_for_four_seconds_at_most() {
    let mut scene = narrow().polling().followed();
    scene.wait_until(1_000);
    let conn = post(&mut scene);
    scene.run_until(4_999);
    assert_eq!(scene.pull(conn), "");
    assert_eq!(scene.due(), Some(5_000));
    scene.run_until(5_000);
    assert_eq!(scene.pull(conn), "200 ok");
}

#[test]
fn at_the_hard_limit_the_ok_waits_for_the_application_alone() {
    let mut scene = narrow().polling().followed();
    for _ in 0..2 {
        let conn = post(&mut scene);
        scene.run_until(scene.now + 4_000);
        assert_eq!(scene.pull(conn), "200 ok");
    }
    let conn = post(&mut scene);
    scene.run_until(20_000);
    assert_eq!(scene.pull(conn), "", "three kilobytes wait");
    scene.event().expect("a message");
    assert_eq!(scene.pull(conn), "200 ok");
}

#[test]
fn withheld_post_still_counts_as_under_way() {
    let mut scene = narrow().polling().followed();
    let first = post(&mut scene);
    scene.begin_post();
    assert_eq!(scene.pull(first), "200 ok", "its packets were delivered");
    assert_eq!(scene.pull(scene.conn("p2")), "400");
}

#[test]
fn withheld_ok_that_nobody_waits_for_any_more_is_no_loss() {
    let mut scene = narrow().polling().followed();
    let conn = post(&mut scene);
    scene.fail(conn, Failure::Gone);
    assert!(!scene.session.is_closed());
    scene.event().expect("a message");
    assert_eq!(scene.outcome(), "polling");
}

#[test]
fn from_the_probe_on_nothing_is_withheld_below_the_hard_limit() {
    let mut scene = narrow().polling().followed();
    let conn = post(&mut scene);
    assert_eq!(scene.pull(conn), "");
    let mut scene = scene.probing();
    assert_eq!(scene.pull(conn), "", "not from the 101 on");
    scene.frame(scene.conn("w1"), "2probe");
    assert_eq!(scene.pull(conn), "200 ok");
    let conn = post(&mut scene);
    assert_eq!(scene.pull(conn), "200 ok");
    let conn = post(&mut scene);
    assert_eq!(scene.pull(conn), "", "three kilobytes wait");
}

#[test]
fn above_the_mark_a_websocket_is_not_read() {
    let mut scene = narrow().websocket();
    let conn = scene.conn("w1");
    assert!(scene.session.wants_input(conn));
    scene.frame(conn, &kilobyte());
    assert!(!scene.session.wants_input(conn));
    assert!(scene.session.wants_input(ConnId(99)), "others are not this session's");
    scene.event().expect("a message");
    assert!(scene.session.wants_input(conn));
}

#[test]
fn probing_websocket_is_always_read() {
    let mut scene = narrow().polling().followed();
    post(&mut scene);
    let mut scene = scene.probed();
    let conn = scene.conn("w1");
    assert!(scene.session.wants_input(conn));
    scene.frame(conn, "5");
    assert!(!scene.session.wants_input(conn), "it is the session's own now");
}

/// Revision 4, in the middle of the wait for a pong.
fn pinged(scenario: Scenario) -> Scene {
    let mut scene = scenario.v4().websocket();
    scene.wait_until(25_000);
    assert_eq!(scene.pull(scene.conn("w1")), "2");
    // Buys the one extension.
    scene.frame(scene.conn("w1"), "40");
    scene.event().expect("a message");
    assert_eq!(scene.due(), Some(45_000));
    scene
}

#[test]
fn pong_wait_stands_still_while_we_refuse_to_read() {
    let mut scene = pinged(narrow());
    let conn = scene.conn("w1");
    scene.wait_until(30_000);
    scene.frame(conn, &kilobyte());
    scene.run_until(80_000);
    assert!(!scene.session.is_closed(), "a slow application is no dead peer");
    scene.event().expect("a message");
    assert_eq!(scene.due(), Some(95_000), "15 s were left");
    scene.run_until(94_999);
    assert!(!scene.session.is_closed());
    scene.run_until(95_000);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | closed PingTimeout | over");
}

#[test]
fn wait_for_a_ping_of_revision_3_stands_still_too() {
    let mut scene = narrow().websocket();
    scene.wait_until(30_000);
    scene.frame(scene.conn("w1"), &kilobyte());
    scene.run_until(80_000);
    scene.event().expect("a message");
    assert_eq!(scene.due(), Some(95_000), "15 s were left");
}

/// A client that hears no ping for too long takes the server for dead.
#[test]
fn while_we_refuse_to_read_the_client_is_pinged_once_an_interval() {
    let mut scene = narrow().v4().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(10_000);
    scene.frame(conn, &kilobyte());
    for due in [25_000, 50_000] {
        assert_eq!(scene.due(), Some(due));
        scene.wait_until(due);
        assert_eq!(scene.pull(conn), "2");
    }
    scene.event().expect("a message");
    scene.frame(conn, "3");
    scene.frame(conn, "3");
    assert_eq!(scene.due(), Some(75_000), "two pongs at once are as good as one");
}

#[test]
fn ping_that_nobody_pulled_is_not_repeated() {
    let mut scene = narrow().v4().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(10_000);
    scene.frame(conn, &kilobyte());
    scene.run_until(60_000);
    assert_eq!(scene.pull(conn), "2");
    assert_eq!(scene.pull(conn), "");
}

/// A client of revision 3 gives up when its ping has no pong for `ping_timeout`.
#[test]
fn while_we_refuse_to_read_a_client_of_revision_3_gets_the_pong_for_the_ping_that_must_have_come() {
    let mut scene = narrow().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(10_000);
    scene.frame(conn, &kilobyte());
    // Half a time-out after the ping was due, when it is sure to have left.
    assert_eq!(scene.due(), Some(35_000));
    scene.wait_until(35_000);
    assert_eq!(scene.pull(conn), "3");
    // By the time of the next, this application is given up.
    assert_eq!(scene.due(), Some(70_000));
}

#[test]
fn ping_that_is_late_when_we_begin_to_refuse_gets_its_pong_at_once() {
    let mut scene = narrow().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(36_000);
    scene.frame(conn, &kilobyte());
    assert_eq!(scene.pull(conn), "3");
    assert_eq!(scene.due(), Some(71_000));
}

#[test]
fn ping_that_becomes_due_while_we_refuse_to_read_gives_the_whole_wait_after_it() {
    let mut scene = narrow().v4().websocket();
    scene.wait_until(10_000);
    scene.frame(scene.conn("w1"), &kilobyte());
    scene.run_until(60_000);
    assert_eq!(scene.pull(scene.conn("w1")), "2");
    scene.event().expect("a message");
    assert_eq!(scene.due(), Some(80_000));
}

/// Its patience runs from the last ping, and nobody knows when its pong came.
#[test]
fn ping_after_a_pong_that_lay_unread_is_counted_from_the_ping_before() {
    let mut scene = narrow().v4().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(25_000);
    assert_eq!(scene.pull(conn), "2");
    scene.frame(conn, &kilobyte());
    scene.run_until(45_000);
    scene.event().expect("a message");
    scene.frame(conn, "3");
    assert_eq!(scene.due(), Some(50_000), "at 70 s the client takes us for dead");
}

#[test]
fn ping_that_came_due_before_a_pong_that_lay_unread_leaves_at_once() {
    let mut scene = narrow().v4().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(25_000);
    assert_eq!(scene.pull(conn), "2");
    scene.frame(conn, &kilobyte());
    scene.run_until(45_000);
    scene.event().expect("a message");
    scene.wait_until(55_000);
    scene.frame(conn, "3");
    assert_eq!(scene.pull(conn), "2", "it was due at 50 s");
    assert_eq!(scene.due(), Some(70_000));
}

#[test]
fn what_was_read_already_extends_a_wait_that_stands_still_by_no_more() {
    let mut scene = narrow().v4().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(10_000);
    scene.frame(conn, &kilobyte());
    scene.run_until(50_000);
    assert_eq!(scene.pull(conn), "2");
    scene.frame(conn, "4a");
    scene.run_until(60_000);
    assert_eq!(scene.events().len(), 1_003);
    assert_eq!(scene.due(), Some(80_000));
}

#[test]
fn heartbeats_of_a_body_count_although_its_ok_is_withheld() {
    let mut scene = narrow().v4().polling().followed().parked();
    scene.wait_until(25_000);
    assert_eq!(scene.pull(scene.conn("g1")), "200 2");
    scene.post(&[&kilobyte(), "3"]);
    scene.run_until(50_000);
    scene.get();
    assert_eq!(scene.pull(scene.conn("g2")), "200 2", "the next ping, 25 s after that pong");
}

#[test]
fn while_the_ok_is_withheld_the_pong_wait_stands_still() {
    let mut scene = narrow().v4().polling().followed().parked();
    scene.wait_until(25_000);
    assert_eq!(scene.pull(scene.conn("g1")), "200 2");
    scene.wait_until(26_000);
    // Extends to 46 s, stands still until 30 s.
    post(&mut scene);
    scene.run_until(49_999);
    assert!(!scene.session.is_closed());
    scene.run_until(50_000);
    assert!(scene.session.is_closed());
}

#[test]
fn application_that_does_not_read_for_a_minute_ends_the_session() {
    let mut scene = narrow().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(1_000);
    scene.frame(conn, &kilobyte());
    scene.frame(conn, &kilobyte());
    scene.run_until(60_999);
    assert!(!scene.session.is_closed());
    scene.run_until(61_000);
    assert_eq!(scene.pull(conn), "hangup 1008");
}

#[test]
fn application_that_reads_slowly_has_a_minute_for_each_message() {
    let mut scene = narrow().websocket();
    let conn = scene.conn("w1");
    (0..4).for_each(|_| scene.frame(conn, &kilobyte()));
    scene.run_until(59_000);
    scene.event().expect("a message");
    scene.run_until(118_999);
    assert!(!scene.session.is_closed());
    scene.run_until(119_000);
    assert!(scene.session.is_closed());
}

#[test]
fn over_polling_too_an_application_that_does_not_read_for_a_minute_ends_the_session() {
    let mut scene = narrow().polling().followed();
    post(&mut scene);
    scene.run_until(44_000);
    scene.post(&["2"]);
    scene.run_until(59_999);
    assert!(!scene.session.is_closed());
    scene.run_until(60_000);
    assert_eq!(scene.session.close_reason(), Some(&common::ServerCloseReason::Overloaded));
}

#[test]
fn timer_that_comes_late_finds_the_same_end_as_one_in_time() {
    // The `ok` was due at 4 s, and with it the wait for the application was over.
    let mut late = narrow().polling().followed();
    let conn = post(&mut late);
    late.wait_until(10_000);
    assert_eq!(late.pull(conn), "200 ok");
    let mut punctual = narrow().polling().followed();
    post(&mut punctual);
    punctual.run_until(10_000);
    assert_eq!(late.due(), punctual.due());
}

#[test]
fn events_given_together_count_as_waiting_until_the_application_asks_again() {
    let mut scene = narrow().websocket();
    let conn = scene.conn("w1");
    scene.frame(conn, &kilobyte());
    assert!(!scene.session.wants_input(conn));
    let mut events = VecDeque::new();
    scene.session.poll_events(&mut events);
    assert_eq!(events.len(), 1);
    assert!(!scene.session.wants_input(conn), "the application is still at it");
    events.clear();
    scene.session.poll_events(&mut events);
    assert!(events.is_empty());
    assert!(scene.session.wants_input(conn));
}

#[test]
fn up_to_64_events_are_given_together_in_their_order() {
    let mut scene = scenario().websocket();
    let conn = scene.conn("w1");
    for number in 0..100 {
        scene.frame(conn, &format!("4{number}"));
    }
    let (mut events, mut all) = (VecDeque::new(), Vec::new());
    for count in [64, 36, 0] {
        scene.session.poll_events(&mut events);
        assert_eq!(events.len(), count);
        all.extend(events.drain(..));
    }
    let expected = (0..100).map(|number| Event::Message(number.to_string().into()));
    assert_eq!(all, expected.collect::<Vec<_>>());
}

#[test]
fn events_that_the_application_still_has_stay_in_front() {
    let mut scene = narrow().websocket();
    let conn = scene.conn("w1");
    let mut events = VecDeque::new();
    for text in ["4one", "4two"] {
        scene.frame(conn, text);
        scene.session.poll_events(&mut events);
    }
    let expected = ["one", "two"].map(|text| Event::Message(text.into()));
    assert_eq!(events, expected);
    scene.session.poll_events(&mut VecDeque::new());
    scene.frame(conn, &kilobyte());
    assert!(!scene.session.wants_input(conn), "each was counted once");
}

#[test]
fn order_is_kept_however_many_wait_are_taken_and_come_back() {
    for waiting in [1, 2, 3, 5, 40] {
        for later in [0, 1, 3] {
            for alone in [0, 1, 2] {
                for handled in [0, 1, 4] {
                    assert_in_order(waiting, later, alone, handled);
                }
            }
        }
    }
}

/// Takes some `alone`, the others together, deals with as many of these as `handled`, and returns the
/// rest when others have come.
fn assert_in_order(waiting: usize, later: usize, alone: usize, handled: usize) {
    let mut scene = scenario().websocket();
    let conn = scene.conn("w1");
    let mut numbers = 0..;
    for number in numbers.by_ref().take(waiting) {
        scene.frame(conn, &format!("4{number}"));
    }
    let mut all: Vec<_> = (0..alone).map_while(|_| scene.session.poll_event()).collect();
    let mut events = VecDeque::new();
    scene.session.poll_events(&mut events);
    all.extend(events.drain(..handled.min(events.len())));
    for number in numbers.by_ref().take(later) {
        scene.frame(conn, &format!("4{number}"));
    }
    scene.session.return_events(&mut events);
    assert!(events.is_empty());
    while let Some(event) = scene.session.poll_event() {
        all.push(event);
        scene.session.poll_events(&mut events);
        all.extend(events.drain(..));
    }
    let expected = (0..waiting + later).map(|number| Event::Message(number.to_string().into()));
    assert_eq!(all, expected.collect::<Vec<_>>());
    assert_eq!(scene.session.unread_bytes(), 0);
}

#[test]
fn progress_within_a_batch_puts_off_the_end_of_a_slow_application() {
    let mut scene = narrow().v4().websocket();
    scene.frame(scene.conn("w1"), &kilobyte());
    scene.session.poll_events(&mut VecDeque::new());
    scene.run_until(50_000);
    scene.session.note_progress(Instant::from_millis(50_000));
    scene.run_until(109_999);
    assert!(!scene.session.is_closed());
    scene.run_until(110_000);
    assert!(scene.session.is_closed());
}
