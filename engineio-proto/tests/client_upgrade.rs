//! From polling to a WebSocket, as the client does it: in order, or not at all.

mod common;

use common::{ClientScenario, ClientScene, REVISIONS, client};
use engineio_proto::CloseCode;
use engineio_proto::Failure;

/// Polling goes on where it was, and everything still leaves and arrives.
fn assert_polling_goes_on(mut scene: ClientScene, get: &str, post: &str) {
    scene.send("still");
    assert_eq!(scene.outcome(), format!("POST {post} 4still | polling"));
    scene.ok(post);
    scene.answer(get, &["4here"]);
    let outcome = scene.outcome();
    assert!(outcome.starts_with("GET g") && outcome.ends_with(" | here | polling"), "{outcome}");
}

#[test]
fn websocket_is_asked_for_before_the_next_poll() {
    let mut scene = client().opening();
    scene.answer("g1", &[&scene.open_packet("\"websocket\""), "4a"]);
    assert_eq!(scene.start().as_deref(), Some("WS w1"));
    assert_eq!(scene.start().as_deref(), Some("GET g2"));
    assert_eq!(scene.outcome(), "opened, a | polling");
}

#[test]
fn until_the_pong_of_the_probe_polling_goes_on() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).probing();
        scene.send("a");
        scene.answer("g1", &["4b"]);
        assert_eq!(scene.outcome(), "POST p1 4a; GET g2 | b | polling");
    }
}

#[test]
fn from_the_pong_of_the_probe_on_nothing_is_started_and_messages_wait_for_the_websocket() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).probing().posting();
        scene.frame("w1", "3probe");
        scene.send("a");
        scene.ok("p1");
        assert_eq!(scene.outcome(), "polling", "the poll is still under way");
        scene.send("b");
        scene.answer("g1", &["4c", "6"]);
        assert_eq!(scene.outcome(), "w1: 5, 4a, 4b | c, upgraded | websocket");
    }
}

#[test]
fn post_under_way_is_waited_for_as_well() {
    let mut scene = client().probing().posting();
    scene.frame("w1", "3probe");
    scene.answer("g1", &["6"]);
    assert_eq!(scene.outcome(), "polling");
    scene.ok("p1");
    assert_eq!(scene.outcome(), "w1: 5 | upgraded | websocket");
}

#[test]
fn messages_of_the_websocket_come_after_those_of_the_last_poll() {
    let mut scene = client().pausing();
    scene.answer("g1", &["4a"]);
    scene.frame("w1", "4b");
    assert_eq!(scene.outcome(), "w1: 5 | a, upgraded, b | websocket");
}

#[test]
fn full_inbox_has_no_poll_to_wait_for() {
    let mut scene = client().config(|config| config.inbox_high_water(1_000)).probing();
    scene.answer("g1", &[&format!("4{}", "x".repeat(1_000))]);
    assert_eq!(scene.start(), None);
    scene.frame("w1", "3probe");
    assert_eq!(scene.pull("w1"), "5");
}

#[test]
fn refused_websocket_leaves_polling_alone() {
    for status in [200, 302, 400, 502] {
        let mut scene = client().asking();
        scene.refuse("w1", status, r#"{"code":3,"message":"Bad request"}"#);
        assert_eq!(scene.outcome(), "polling");
        assert_polling_goes_on(scene, "g1", "p1");
    }
}

#[test]
fn websocket_that_fails_at_any_stage_leaves_polling_alone() {
    let failures = [
        Failure::Gone,
        Failure::Closed(CloseCode::NORMAL),
        Failure::Closed(CloseCode::ABNORMAL),
        Failure::TooLarge,
        Failure::Malformed,
        Failure::TimedOut,
    ];
    for revision in REVISIONS {
        for state in [ClientScenario::asking, ClientScenario::probing, ClientScenario::pausing] {
            for why in failures {
                let mut scene = state(client().revision(revision));
                scene.fail("w1", why);
                let hangup =
                    if why == Failure::Gone { "polling" } else { "w1: hangup 1000 | polling" };
                assert_eq!(scene.outcome(), hangup, "{why:?}");
                assert_polling_goes_on(scene, "g1", "p1");
            }
        }
    }
}

#[test]
fn wrong_answer_to_the_probe_leaves_polling_alone() {
    for revision in REVISIONS {
        for frame in ["3", "3Probe", "2probe", "4a", "6", "1", "0{}", "x", ""] {
            let mut scene = client().revision(revision).probing();
            scene.frame("w1", frame);
            assert_eq!(scene.outcome(), "w1: hangup 1000 | polling", "{frame:?}");
            scene.frame("w1", "3probe");
            assert_polling_goes_on(scene, "g1", "p1");
        }
    }
}

#[test]
fn answer_before_the_probe_is_none() {
    let mut scene = client().asking();
    scene.upgraded("w1");
    scene.frame("w1", "3probe");
    assert_eq!(scene.outcome(), "w1: hangup 1000 | polling");
}

#[test]
fn second_word_after_the_pong_of_the_probe_is_wrong_before_5_has_left() {
    let mut scene = client().pausing();
    scene.frame("w1", "4a");
    assert_eq!(scene.outcome(), "w1: hangup 1000 | polling");
    assert_polling_goes_on(scene, "g1", "p1");
}

#[test]
fn silent_websocket_is_given_up_after_the_upgrade_timeout() {
    for revision in REVISIONS {
        for state in [ClientScenario::asking, ClientScenario::probing] {
            let mut scene = state(client().revision(revision));
            assert_eq!(scene.due(), Some(10_000), "counted from the handshake");
            scene.wait_until(9_999);
            assert_eq!(scene.outcome(), "polling");
            scene.wait_until(10_000);
            assert_eq!(scene.outcome(), "w1: hangup 1000 | polling");
            assert_polling_goes_on(scene, "g1", "p1");
        }
    }
}

#[test]
fn poll_that_is_never_answered_has_the_upgrade_timeout_from_the_pong_of_the_probe_on() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).probing();
        scene.wait_until(9_999);
        scene.frame("w1", "3probe");
        scene.send("a");
        assert_eq!(scene.due(), Some(19_999));
        scene.wait_until(19_999);
        assert_eq!(scene.outcome(), "POST p1 4a; w1: hangup 1000 | polling", "nothing is lost");
        scene.ok("p1");
        assert_polling_goes_on(scene, "g1", "p2");
    }
}

#[test]
fn what_waited_during_a_pause_that_failed_leaves_with_posts() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).pausing();
        scene.send("a");
        scene.fail("w1", Failure::Gone);
        scene.answer("g1", &["4b"]);
        assert_eq!(scene.outcome(), "POST p1 4a; GET g2 | b | polling");
    }
}

#[test]
fn failed_probe_is_not_tried_again() {
    let mut scene = client().probing();
    scene.fail("w1", Failure::Gone);
    for number in 1..5 {
        scene.answer(&format!("g{number}"), &["6"]);
        assert_eq!(scene.outcome(), format!("GET g{} | polling", number + 1));
    }
}

#[test]
fn poll_that_fails_ends_the_session_at_every_stage() {
    for state in [ClientScenario::asking, ClientScenario::probing, ClientScenario::pausing] {
        let mut scene = state(client());
        scene.fail("g1", Failure::Gone);
        assert_eq!(scene.outcome(), "w1: hangup 1000 | closed TransportLost | over");
        let mut scene = state(client());
        scene.refuse("g1", 400, "");
        assert_eq!(scene.outcome(), "w1: hangup 1000 | closed Refused 400 | over");
    }
}

#[test]
fn websocket_that_fails_after_the_upgrade_ends_the_session() {
    for (why, outcome) in [
        (Failure::Gone, "closed TransportLost | over"),
        (Failure::TimedOut, "w1: hangup 1000 | closed TransportLost | over"),
        (Failure::Closed(CloseCode::ABNORMAL), "w1: hangup 1000 | closed TransportLost | over"),
        (Failure::Closed(CloseCode::AWAY), "w1: hangup 1000 | closed Server 1001 | over"),
        (Failure::TooLarge, "w1: hangup 1009 | closed TooLarge | over"),
        (Failure::Malformed, "w1: hangup 1002 | closed Framing | over"),
    ] {
        for state in [ClientScenario::moved, ClientScenario::websocket] {
            let mut scene = state(client());
            scene.send("lost");
            scene.fail("w1", why);
            assert_eq!(scene.outcome(), outcome);
        }
    }
}

#[test]
fn on_the_websocket_binary_is_binary_with_a_type_in_revision_3_only() {
    for (revision, written) in [(REVISIONS[0], "w1: <04 01 02>"), (REVISIONS[1], "w1: <01 02>")] {
        let mut scene = client().revision(revision).moved();
        scene.send(vec![1, 2]);
        assert_eq!(scene.outcome(), format!("{written} | websocket"));
    }
}

#[test]
fn message_as_long_as_is_taken_is_fine_and_one_longer_is_too_large() {
    for (length, outcome) in [(99, None), (100, Some("w1: hangup 1009 | closed TooLarge | over"))] {
        let mut scene = client().config(|config| config.max_payload(100)).websocket();
        scene.frame("w1", &format!("4{}", "x".repeat(length)));
        let got = scene.outcome();
        assert_eq!(got.ends_with("| websocket"), outcome.is_none(), "{got}");
        assert!(outcome.is_none_or(|outcome| got == outcome), "{got}");
    }
}
