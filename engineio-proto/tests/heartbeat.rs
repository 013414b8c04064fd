//! Which side pings when, and how long the answer may take. Interval 25 s, time-out 20 s.

mod common;

use common::{Failure, ServerCloseReason, scenario};

#[test]
fn first_ping_leaves_one_interval_after_the_open_packet() {
    let mut scene = scenario().websocket();
    scene.wait_until(24_999);
    assert_eq!(scene.outcome(), "websocket");
    assert_eq!(scene.due(), Some(25_000));
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
}

#[test]
fn next_ping_leaves_one_interval_after_the_pong() {
    let mut scene = scenario().websocket();
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
    scene.wait_until(26_500);
    scene.frame(scene.conn("w1"), "3");
    scene.wait_until(51_499);
    assert_eq!(scene.outcome(), "websocket");
    scene.wait_until(51_500);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
}

#[test]
fn pong_in_the_last_millisecond_is_in_time_and_one_later_is_not() {
    for (at, outcome) in
        [(44_999, "websocket"), (45_000, "w1: hangup 1000 | closed PingTimeout | over")]
    {
        let mut scene = scenario().websocket();
        scene.wait_until(25_000);
        scene.outcome();
        scene.now = at;
        scene.frame(scene.conn("w1"), "3");
        assert_eq!(scene.outcome(), outcome, "a pong at {at} ms");
    }
}

#[test]
fn wait_for_the_pong_runs_from_when_the_ping_was_due() {
    let mut scene = scenario().websocket();
    scene.wait_until(30_000);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
    assert_eq!(scene.due(), Some(45_000), "a timer 5 s late");
}

#[test]
fn process_that_slept_gives_its_peers_a_fresh_wait() {
    let mut scene = scenario().websocket();
    scene.wait_until(30_001);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
    assert_eq!(scene.due(), Some(50_001), "a timer more than 5 s late");
    let mut scene = scenario().websocket();
    scene.wait_until(3_600_000);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
}

#[test]
fn ping_is_due_whether_or_not_a_get_waits_for_it() {
    let mut scene = scenario().polling().followed();
    scene.run_until(44_999);
    scene.get();
    assert_eq!(scene.outcome(), "g1: 200 2 | polling");
    scene.wait_until(45_000);
    assert_eq!(scene.outcome(), "closed PingTimeout | over");
}

#[test]
fn another_packet_extends_the_wait_for_the_pong_once_per_ping() {
    let mut scene = scenario().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
    scene.wait_until(40_000);
    scene.frame(conn, "4a");
    assert_eq!(scene.due(), Some(60_000));
    scene.wait_until(50_000);
    scene.frame(conn, "4b");
    assert_eq!(scene.due(), Some(60_000), "the second one buys nothing");
    scene.frame(conn, "3");
    assert_eq!(scene.due(), Some(75_000));
    scene.wait_until(75_000);
    scene.frame(conn, "4c");
    assert_eq!(scene.due(), Some(95_000), "a new ping, a new extension");
}

#[test]
fn message_between_pong_and_ping_moves_nothing() {
    let mut scene = scenario().websocket();
    scene.wait_until(10_000);
    scene.frame(scene.conn("w1"), "4a");
    assert_eq!(scene.due(), Some(25_000));
}

#[test]
fn pong_that_nobody_asked_for_is_not_banked() {
    let mut scene = scenario().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(10_000);
    scene.frame(conn, "3");
    assert_eq!(scene.due(), Some(25_000), "no later ping");
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "w1: 2 | websocket", "the ping leaves although a pong came");
    scene.wait_until(45_000);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | closed PingTimeout | over");
}

/// A client whose application doesn't read polls no more, and says that it is alive.
#[test]
fn pong_answers_a_ping_that_is_due_also_when_it_could_not_leave() {
    let mut scene = scenario().polling().parked();
    scene.session.send("a").expect("it is open");
    assert_eq!(scene.outcome(), "g1: 200 4a | polling");
    scene.wait_until(25_000);
    scene.post(&["3"]);
    assert_eq!(scene.outcome(), "p1: 200 ok | polling");
    assert_eq!(scene.due(), Some(50_000), "the next ping");
}

#[test]
fn heartbeat_in_the_wrong_direction_ends_the_session() {
    for (scenario, packet) in [(scenario().v4(), "2"), (scenario().v3(), "3")] {
        let mut scene = scenario.websocket();
        scene.frame(scene.conn("w1"), packet);
        assert_eq!(scene.outcome(), "w1: hangup 1002 | closed HeartbeatDirection | over");
    }
    for (scenario, packet) in [(scenario().v4(), "2"), (scenario().v3(), "3")] {
        let mut scene = scenario.polling().parked();
        scene.post(&["4a", packet, "4b"]);
        let outcome = "g1: 200 1; p1: 400 | a, closed HeartbeatDirection | over";
        assert_eq!(scene.outcome(), outcome, "packets act in order");
    }
}

#[test]
fn in_revision_3_the_client_pings_and_gets_a_bare_pong() {
    let mut scene = scenario().v3().websocket();
    let conn = scene.conn("w1");
    for ping in ["2", "2probe", "2data"] {
        scene.frame(conn, ping);
        assert_eq!(scene.outcome(), "w1: 3 | websocket", "{ping}");
    }
    let mut scene = scenario().v3().polling().parked();
    scene.post(&["2probe", "2"]);
    assert_eq!(scene.outcome(), "g1: 200 3␞3; p1: 200 ok | polling");
}

#[test]
fn in_revision_3_the_server_waits_interval_and_timeout_for_a_ping_and_nothing_else() {
    let mut scene = scenario().v3().websocket();
    let conn = scene.conn("w1");
    scene.wait_until(44_999);
    scene.frame(conn, "2");
    assert_eq!(scene.outcome(), "w1: 3 | websocket");
    assert_eq!(scene.due(), Some(89_999));
    scene.wait_until(80_000);
    scene.frame(conn, "4a");
    assert_eq!(scene.due(), Some(89_999), "messages are no pings");
    scene.wait_until(89_999);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | a, closed PingTimeout | over");
}

#[test]
fn heartbeat_outlives_an_upgrade() {
    let mut scene = scenario().v3().polling().upgraded();
    assert_eq!(scene.due(), Some(45_000));
    scene.wait_until(45_000);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | closed PingTimeout | over");

    let mut scene = scenario().polling().upgraded();
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
}

#[test]
fn ping_that_left_over_polling_may_be_answered_over_the_websocket() {
    let mut scene = scenario().polling().followed().parked();
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "g1: 200 2 | polling");
    scene.wait_until(30_000);
    let mut scene = scene.upgraded();
    assert_eq!(scene.due(), Some(45_000));
    scene.frame(scene.conn("w1"), "3");
    assert_eq!(scene.due(), Some(55_000));
}

#[test]
fn ping_that_was_due_before_the_upgrade_leaves_over_the_websocket() {
    let mut scene = scenario().polling().followed();
    scene.wait_until(25_000);
    let mut scene = scene.upgraded();
    assert_eq!(scene.outcome(), "w1: 2 | websocket");
}

#[test]
fn closing_session_is_still_pinged() {
    let mut scene = scenario().polling().followed();
    scene.wait_until(24_000);
    scene.close();
    scene.run_until(45_000);
    assert_eq!(scene.outcome(), "closed PingTimeout | over");
}

#[test]
fn heartbeat_goes_before_messages_that_wait() {
    let mut scene = scenario().websocket();
    scene.wait_until(24_999);
    scene.send("a");
    scene.wait_until(25_000);
    assert_eq!(scene.outcome(), "w1: 2, 4a | websocket");
    let mut scene = scenario().polling().followed();
    scene.send("a");
    scene.wait_until(25_000);
    scene.get();
    assert_eq!(scene.outcome(), "g1: 200 2␞4a | polling");
}

#[test]
fn ping_is_kept_for_the_next_poll_when_the_answer_is_full() {
    // The open packet alone is longer than the limit.
    let small = |scenario: common::Scenario| {
        scenario.config(|config| config.max_payload(10).ping_interval(common::millis(1000)))
    };
    let mut scene = small(scenario()).opening();
    scene.wait_until(1000);
    let answer = scene.pull(scene.conn("g1"));
    assert!(!answer.ends_with("␞2"), "within the limit: {answer}");
    scene.get();
    assert_eq!(scene.outcome(), "g2: 200 2 | polling");
    // Four pongs of three bytes each.
    let mut scene = small(scenario().v3()).polling().parked();
    let post = scene.post(&["2", "2", "2"]);
    assert_eq!(scene.pull(post), "200 ok");
    let post = scene.post(&["2"]);
    assert_eq!(scene.pull(post), "200 ok");
    assert_eq!(scene.outcome(), "g1: 200 3␞3␞3 | polling");
    scene.get();
    assert_eq!(scene.outcome(), "g2: 200 3 | polling");
}

#[test]
fn older_time_is_taken_for_the_latest() {
    let mut scene = scenario().websocket();
    scene.wait_until(26_000);
    scene.now = 25_500;
    scene.frame(scene.conn("w1"), "4a");
    assert_eq!(scene.outcome(), "w1: 2 | a | websocket");
    scene.now = 3;
    scene.frame(scene.conn("w1"), "3");
    assert_eq!(scene.due(), Some(51_000));
    scene.fail(scene.conn("w1"), Failure::Gone);
    assert_eq!(scene.session.close_reason(), Some(&ServerCloseReason::TransportLost));
}
