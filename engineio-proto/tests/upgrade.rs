//! From polling to a WebSocket: the probe, what it may not lose, and how it fails.

mod common;

use common::{Failure, REVISIONS, scenario};

#[test]
fn whatever_was_not_pulled_before_the_upgrade_leaves_through_the_websocket() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().probed();
        scene.send("a");
        scene.get();
        assert_eq!(scene.outcome(), "g1: 200 4a | polling");
        scene.send("b");
        scene.send("c");
        scene.frame(scene.conn("w1"), "5");
        scene.send("d");
        assert_eq!(scene.outcome(), "w1: 4b, 4c, 4d | upgraded | websocket");
    }
}

#[test]
fn nothing_but_the_pong_leaves_through_the_websocket_before_the_upgrade() {
    let mut scene = scenario().polling().probed();
    scene.send("a");
    scene.wait_until(9_000);
    assert_eq!(scene.outcome(), "polling");
}

#[test]
fn frames_behind_the_upgrade_packet_belong_to_the_session() {
    let mut scene = scenario().polling().probed();
    let conn = scene.conn("w1");
    scene.frame(conn, "5");
    scene.frame(conn, "4a");
    assert_eq!(scene.outcome(), "upgraded, a | websocket");
}

#[test]
fn upgrade_needs_no_probe_and_loses_no_pong() {
    let mut scene = scenario().polling().probing();
    scene.send("a");
    scene.frame(scene.conn("w1"), "5");
    assert_eq!(scene.outcome(), "w1: 4a | upgraded | websocket");
    let mut scene = scenario().polling().probing();
    scene.send("a");
    scene.frame(scene.conn("w1"), "2probe");
    scene.frame(scene.conn("w1"), "5");
    assert_eq!(scene.outcome(), "w1: 3probe, 4a | upgraded | websocket", "pulled only now");
}

#[test]
fn probe_may_be_repeated() {
    let mut scene = scenario().polling().probed();
    scene.wait(100);
    scene.frame(scene.conn("w1"), "2probe");
    assert_eq!(scene.outcome(), "w1: 3probe | polling");
    assert_eq!(scene.due(), Some(20_000), "but buys no more time");
}

#[test]
fn silent_websocket_is_closed_after_the_upgrade_timeout() {
    let mut scene = scenario().polling().parked();
    scene.wait_until(1_000);
    let mut scene = scene.probing();
    scene.wait_until(10_999);
    assert_eq!(scene.outcome(), "polling");
    scene.wait_until(11_000);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | polling");
    scene.send("a");
    assert_eq!(scene.outcome(), "g1: 200 4a | polling");
}

#[test]
fn from_the_probe_on_the_client_has_a_whole_ping_timeout() {
    let mut scene = scenario().polling().followed().probing();
    scene.wait_until(9_999);
    scene.frame(scene.conn("w1"), "2probe");
    assert_eq!(scene.outcome(), "w1: 3probe | polling");
    scene.run_until(29_998);
    assert_eq!(scene.outcome(), "polling");
    scene.run_until(29_999);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | polling");
}

#[test]
fn after_a_failed_probe_polling_goes_on_and_another_may_follow() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().probed();
        scene.fail(scene.conn("w1"), Failure::Gone);
        scene.get();
        scene.send("a");
        assert_eq!(scene.outcome(), "g1: 200 4a | polling");
        let second = scene.upgrade();
        scene.frame(second, "2probe");
        scene.frame(second, "5");
        scene.frame(second, "4b");
        assert_eq!(scene.outcome(), "w2: 101, 3probe | upgraded, b | websocket");
    }
}

#[test]
fn get_that_waits_when_the_probe_fails_waits_on() {
    let mut scene = scenario().polling().probed();
    for _ in 0..3 {
        scene.get();
        if scene.outcome() == "polling" {
            break;
        }
    }
    scene.fail(scene.conn("w1"), Failure::Gone);
    scene.wait(1_000);
    assert_eq!(scene.outcome(), "polling");
    scene.send("a");
    assert_eq!(scene.outcome(), "g3: 200 4a | polling");
}

#[test]
fn websocket_alone_does_not_disturb_a_waiting_get() {
    let mut scene = scenario().polling().parked().probing();
    scene.wait_until(5_000);
    assert_eq!(scene.outcome(), "polling");
}

#[test]
fn get_in_the_way_of_a_probe_is_answered_at_once() {
    let mut scene = scenario().polling().parked().probing();
    scene.frame(scene.conn("w1"), "2probe");
    assert_eq!(scene.outcome(), "g1: 200 6; w1: 3probe | polling");
    let mut scene = scenario().polling().parked().probing();
    scene.send("a");
    scene.frame(scene.conn("w1"), "2probe");
    assert_eq!(scene.outcome(), "g1: 200 4a; w1: 3probe | polling", "with what there is");
}

#[test]
fn two_further_polls_are_answered_at_once_and_later_ones_after_100_ms() {
    let mut scene = scenario().polling().parked().probing();
    scene.frame(scene.conn("w1"), "2probe");
    assert_eq!(scene.outcome(), "g1: 200 6; w1: 3probe | polling");
    for get in ["g2", "g3"] {
        scene.get();
        assert_eq!(scene.outcome(), format!("{get}: 200 6 | polling"));
    }
    for (get, at) in [("g4", 100), ("g5", 200)] {
        scene.get();
        assert_eq!(scene.due(), Some(at));
        scene.wait_until(at - 1);
        assert_eq!(scene.outcome(), "polling");
        scene.wait_until(at);
        assert_eq!(scene.outcome(), format!("{get}: 200 6 | polling"));
    }
    scene.get();
    scene.send("a");
    assert_eq!(scene.outcome(), "g6: 200 4a | polling", "a message needn't wait");
}

#[test]
fn new_probe_has_its_own_quick_polls() {
    let mut scene = scenario().polling().probed();
    for _ in 0..2 {
        scene.get();
        scene.outcome();
    }
    scene.fail(scene.conn("w1"), Failure::Gone);
    let second = scene.upgrade();
    scene.frame(second, "2probe");
    scene.get();
    assert_eq!(scene.outcome(), "w2: 101, 3probe; g3: 200 6 | polling");
}

#[test]
fn get_that_waits_when_the_upgrade_comes_gets_a_noop() {
    let mut scene = scenario().polling().parked().probing();
    scene.send("a");
    scene.frame(scene.conn("w1"), "5");
    assert_eq!(scene.outcome(), "g1: 200 6; w1: 4a | upgraded | websocket");
}

#[test]
fn post_that_is_not_complete_when_the_upgrade_comes_is_refused_and_not_delivered() {
    let mut scene = scenario().polling().probed().posting();
    scene.frame(scene.conn("w1"), "5");
    assert_eq!(scene.outcome(), "p1: 400 | upgraded | websocket");
    scene.body(scene.conn("p1"), "4a");
    scene.fail(scene.conn("p1"), Failure::Gone);
    assert_eq!(scene.outcome(), "websocket");
}

#[test]
fn post_that_is_complete_comes_before_anything_from_the_websocket() {
    let mut scene = scenario().polling().probed();
    scene.post(&["4a"]);
    scene.frame(scene.conn("w1"), "5");
    scene.frame(scene.conn("w1"), "4b");
    assert_eq!(scene.outcome(), "p1: 200 ok | a, upgraded, b | websocket");
}

#[test]
fn polling_is_refused_after_the_upgrade_and_does_no_harm() {
    let mut scene = scenario().polling().upgraded();
    scene.get();
    scene.post(&["4a"]);
    assert_eq!(scene.outcome(), "g1: 400 code 3; p1: 400 code 3 | websocket");
}

#[test]
fn of_two_websockets_the_first_survives() {
    for state in ["probing", "upgraded", "born"] {
        let scenario = scenario();
        let mut scene = match state {
            "probing" => scenario.polling().probed(),
            "upgraded" => scenario.polling().upgraded(),
            _ => scenario.websocket(),
        };
        let second = scene.upgrade();
        assert_eq!(scene.pull(second), "101, hangup 1008", "{state}");
        scene.frame(second, "2probe");
        scene.frame(second, "5");
        scene.fail(second, Failure::Gone);
        assert_eq!(scene.outcome(), if state == "probing" { "polling" } else { "websocket" });
    }
}

#[test]
fn grace_for_polling_ends_with_the_upgrade() {
    let mut scene = scenario().polling().parked().probed();
    scene.fail(scene.conn("g1"), Failure::Gone);
    scene.frame(scene.conn("w1"), "5");
    scene.run_until(24_999);
    assert_eq!(scene.outcome(), "upgraded | websocket");
}

#[test]
fn subprotocol_that_was_asked_for_is_chosen() {
    let mut scene = scenario().polling();
    let conn = scene.name("w");
    scene.ask(conn, "GET", "transport=websocket", |request| engineio_proto::Request {
        upgrade: true,
        sec_websocket_protocol: Some("chat, superchat"),
        ..request
    });
    let Some(common::Transmit::Upgrade(headers)) = scene.transmit(conn) else { panic!("no 101") };
    assert_eq!(headers.get("sec-websocket-protocol"), Some("chat"));
}
