//! The client's half of the heartbeat. Interval 25 s, time-out 20 s.

mod common;

use common::{ClientScenario, ClientScene, REVISIONS, client};

const LOST: &str = "w1: hangup 1000 | closed PingTimeout | over";

/// One kilobyte of messages is all that may wait for the application.
fn narrow() -> ClientScenario {
    client().config(|config| config.inbox_high_water(1_000))
}

/// The inbox is full, and the next poll isn't started.
fn stuck(scenario: ClientScenario) -> ClientScene {
    let mut scene = scenario.polling();
    scene.answer("g1", &[&format!("4{}", "x".repeat(1_000))]);
    assert_eq!(scene.start(), None);
    scene
}

#[test]
fn in_revision_4_the_server_has_interval_and_timeout_for_each_ping() {
    let mut scene = client().websocket();
    assert_eq!(scene.due(), Some(45_000));
    scene.wait_until(44_999);
    scene.frame("w1", "2");
    assert_eq!(scene.outcome(), "w1: 3 | websocket");
    assert_eq!(scene.due(), Some(89_999));
    scene.wait_until(89_999);
    assert_eq!(scene.outcome(), LOST);
}

#[test]
fn in_revision_4_nothing_but_a_ping_counts() {
    let mut scene = client().websocket();
    scene.wait_until(10_000);
    scene.frame("w1", "4a");
    scene.frame("w1", "6");
    assert_eq!(scene.outcome(), "a | websocket");
    assert_eq!(scene.due(), Some(45_000));
}

#[test]
fn in_revision_4_the_pong_goes_before_messages() {
    let mut scene = client().polling();
    scene.send("a");
    scene.answer("g1", &["2"]);
    assert_eq!(scene.outcome(), "POST p1 3␞4a; GET g2 | polling");
    let mut scene = client().websocket();
    scene.send("a");
    scene.frame("w1", "2");
    assert_eq!(scene.outcome(), "w1: 3, 4a | websocket");
}

#[test]
fn in_revision_4_a_ping_that_comes_too_late_finds_the_session_over() {
    let mut scene = client().polling();
    scene.now = 45_000;
    scene.answer("g1", &["2"]);
    assert_eq!(scene.outcome(), "closed PingTimeout | over");
}

#[test]
fn in_revision_3_the_first_ping_leaves_after_one_interval() {
    let mut scene = client().v3().websocket();
    assert_eq!(scene.due(), Some(25_000));
    scene.wait_until(24_999);
    assert_eq!(scene.outcome(), "websocket");
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
    scene.wait_until(26_000);
    scene.frame("w1", "3");
    assert_eq!(scene.due(), Some(51_000), "one interval after the pong");
    let mut scene = client().v3().polling();
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "POST p1 2 | polling");
}

#[test]
fn in_revision_3_the_pong_has_one_timeout() {
    let mut scene = client().v3().websocket();
    scene.wait_until(25_000);
    scene.outcome();
    scene.wait_until(44_999);
    assert_eq!(scene.outcome(), "websocket");
    scene.wait_until(45_000);
    assert_eq!(scene.outcome(), LOST);
}

#[test]
fn in_revision_3_another_packet_extends_the_wait_once() {
    let mut scene = client().v3().websocket();
    scene.wait_until(25_000);
    scene.outcome();
    for (at, due) in [(40_000, 60_000), (50_000, 60_000)] {
        scene.wait_until(at);
        scene.frame("w1", "4a");
        assert_eq!(scene.due(), Some(due));
    }
}

#[test]
fn heartbeat_in_the_wrong_direction_ends_the_session() {
    for (scenario, packet) in [(client(), "3"), (client().v3(), "2")] {
        let mut scene = scenario.websocket();
        scene.frame("w1", packet);
        assert_eq!(scene.outcome(), "w1: hangup 1002 | closed HeartbeatDirection | over");
    }
    for (scenario, packet) in [(client(), "3"), (client().v3(), "2")] {
        let mut scene = scenario.polling();
        scene.answer("g1", &["4a", packet]);
        assert_eq!(scene.outcome(), "a, closed HeartbeatDirection | over");
    }
}

#[test]
fn machine_that_slept_finds_out_before_anything_else_is_heard_or_sent() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).websocket();
        // In revision 3 it is the client's own ping that is late, and may still leave.
        let expected = if revision == REVISIONS[0] { "w1: 2 | websocket" } else { LOST };
        scene.wait_until(3_600_000);
        assert_eq!(scene.outcome(), expected);
    }
    let mut scene = client().v3().websocket();
    scene.wait_until(25_000);
    scene.outcome();
    scene.now = 3_600_000;
    scene.frame("w1", "3");
    assert_eq!(scene.outcome(), LOST, "the pong is late");
}

#[test]
fn in_revision_3_a_machine_that_slept_gives_the_server_a_fresh_wait() {
    for (at, due) in [(30_000, 45_000), (30_001, 50_001)] {
        let mut scene = client().v3().websocket();
        scene.wait_until(at);
        assert_eq!(scene.outcome(), "w1: 2 | websocket");
        assert_eq!(scene.due(), Some(due));
    }
}

#[test]
fn heartbeat_goes_on_through_an_upgrade() {
    let mut scene = client().probing();
    scene.wait_until(5_000);
    scene.answer("g1", &["2"]);
    assert_eq!(scene.outcome(), "POST p1 3; GET g2 | polling");
    scene.frame("w1", "3probe");
    scene.ok("p1");
    scene.answer("g2", &["6"]);
    assert_eq!(scene.outcome(), "w1: 5 | upgraded | websocket");
    assert_eq!(scene.due(), Some(50_000));
    scene.wait_until(50_000);
    assert_eq!(scene.outcome(), LOST);
}

#[test]
fn ping_that_comes_with_the_last_poll_is_answered_on_the_websocket() {
    let mut scene = client().pausing();
    scene.answer("g1", &["2"]);
    assert_eq!(scene.outcome(), "w1: 5, 3 | upgraded | websocket");
    let mut scene = client().v3().heartbeat(5_000, 4_000).pausing();
    scene.wait_until(5_000);
    assert_eq!(scene.outcome(), "polling", "no POST any more");
    scene.answer("g1", &["6"]);
    assert_eq!(scene.outcome(), "w1: 5, 2 | upgraded | websocket");
}

#[test]
fn while_the_application_does_not_read_the_wait_for_the_server_stands_still() {
    let mut scene = stuck(narrow());
    // A pong for the ping that must have come by then.
    assert_eq!(scene.due(), Some(35_000));
    scene.run_until(35_000);
    assert_eq!(scene.start().as_deref(), Some("POST p1 3"));
    scene.ok("p1");
    scene.run_until(100_000);
    assert_eq!(scene.start().as_deref(), Some("POST p2 3"));
    assert!(!scene.session.is_closed());
    scene.event().expect("a message");
    assert_eq!(scene.due(), Some(145_000), "the whole wait from now on");
}

#[test]
fn after_a_pong_that_nobody_asked_for_the_server_has_the_whole_wait_again() {
    let mut scene = narrow().polling();
    scene.wait_until(25_000);
    scene.answer("g1", &["2"]);
    assert_eq!(scene.start().as_deref(), Some("POST p1 3"));
    scene.ok("p1");
    scene.start();
    scene.wait_until(48_000);
    scene.answer("g2", &[&format!("4{}", "x".repeat(1_000))]);
    for (at, post) in [(60_000, "p2"), (95_000, "p3")] {
        scene.run_until(at);
        assert_eq!(scene.start(), Some(format!("POST {post} 3")));
        scene.ok(post);
    }
    scene.run_until(96_000);
    scene.event().expect("a message");
    assert_eq!(scene.due(), Some(141_000), "of the 45 s from the last pong one stood still");
}

#[test]
fn in_revision_3_the_client_goes_on_pinging_while_its_application_does_not_read() {
    let mut scene = stuck(narrow().v3());
    scene.run_until(25_000);
    assert_eq!(scene.start().as_deref(), Some("POST p1 2"));
    scene.ok("p1");
    scene.run_until(50_000);
    assert_eq!(scene.start().as_deref(), Some("POST p2 2"));
    scene.ok("p2");
    scene.run_until(60_000);
    assert!(!scene.session.is_closed());
    scene.event().expect("a message");
    // The first ping was at 25 s; it was unheard for 35 s of its 20.
    assert_eq!(scene.due(), Some(80_000));
}

#[test]
fn on_a_websocket_that_is_not_read_the_wait_stands_still_too() {
    for revision in REVISIONS {
        let mut scene = narrow().revision(revision).websocket();
        let conn = scene.conn("w1");
        scene.frame("w1", &format!("4{}", "x".repeat(1_000)));
        assert!(!scene.session.wants_input(conn));
        scene.run_until(600_000);
        assert!(!scene.session.is_closed());
        scene.event().expect("a message");
        assert!(scene.session.wants_input(conn));
        scene.run_until(700_000);
        assert!(scene.session.is_closed());
    }
}

#[test]
fn while_a_poll_waits_a_full_inbox_stops_nothing() {
    let mut scene = narrow().polling();
    scene.answer("g1", &[&format!("4{}", "x".repeat(500)), "4a"]);
    assert_eq!(scene.start().as_deref(), Some("GET g2"));
    scene.wait_until(45_000);
    assert!(scene.session.is_closed(), "the server could have been heard");
}

#[test]
fn interval_of_nothing_keeps_nobody_busy() {
    for revision in REVISIONS {
        let scenario = || narrow().revision(revision).heartbeat(0, 0);
        let mut scene = scenario().polling();
        scene.answer("g1", &[&format!("4{}", "x".repeat(1_000))]);
        scene.wait_until(3_600_000);
        assert!(scene.due().is_none_or(|due| due > scene.now), "a deadline in the past");
        stuck(scenario()).run_until(100);
        scenario().websocket().run_until(100);
    }
}

#[test]
fn intervals_beyond_all_bounds_never_come() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).heartbeat(u64::MAX, u64::MAX).websocket();
        scene.wait_until(1 << 43); // 279 years
        assert_eq!(scene.outcome(), "websocket");
    }
}
