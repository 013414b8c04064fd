//! How a client ends its session: what still leaves, and how long that may take.

mod common;

use common::{ClientScenario, REVISIONS, client};
use engineio_proto::CloseCode;
use engineio_proto::Failure;
use engineio_proto::Transport::{Polling, WebSocket};

#[test]
fn over_polling_what_is_queued_leaves_with_the_close_packet() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling();
        scene.send("a");
        scene.close();
        assert_eq!(scene.outcome(), "POST p1 4a␞1 | closing");
        scene.answer("g1", &["6"]);
        assert_eq!(scene.outcome(), "closing", "no further poll");
        scene.ok("p1");
        assert_eq!(scene.outcome(), "closed Application | over");
    }
}

#[test]
fn over_polling_the_close_packet_waits_for_the_post_under_way() {
    let mut scene = client().polling().posting().closing();
    assert_eq!(scene.outcome(), "closing");
    scene.ok("p1");
    assert_eq!(scene.outcome(), "POST p2 1 | closing");
    scene.ok("p2");
    assert_eq!(scene.outcome(), "g1: hangup 1000 | closed Application | over");
}

#[test]
fn over_polling_more_than_one_post_may_be_needed_and_polling_goes_on_meanwhile() {
    let mut scene = client().config(|config| config.max_batch_packets(2)).polling();
    for text in ["a", "b", "c", "d"] {
        scene.send(text);
    }
    scene.close();
    assert_eq!(scene.outcome(), "POST p1 4a␞4b | closing");
    scene.answer("g1", &["2"]);
    assert_eq!(scene.outcome(), "GET g2 | closing");
    scene.ok("p1");
    assert_eq!(scene.outcome(), "POST p2 3␞4c | closing", "the heartbeat goes on");
    scene.ok("p2");
    assert_eq!(scene.outcome(), "POST p3 4d␞1 | closing");
    scene.ok("p3");
    assert_eq!(scene.outcome(), "g2: hangup 1000 | closed Application | over");
}

#[test]
fn on_a_websocket_what_is_queued_leaves_before_the_close_packet_and_the_hangup() {
    for revision in REVISIONS {
        for state in [ClientScenario::websocket, ClientScenario::moved] {
            let mut scene = state(client().revision(revision));
            scene.send("a");
            scene.send("b");
            scene.close();
            let outcome = "w1: 4a, 4b, 1, hangup 1000 | closed Application | over";
            assert_eq!(scene.outcome(), outcome);
        }
    }
}

#[test]
fn session_that_closes_takes_and_delivers_nothing_more() {
    for mut scene in [client().polling().closing(), client().websocket().closing()] {
        assert!(!scene.session.is_writable());
        let error = scene.session.send("late").expect_err("it closes");
        assert_eq!(error, engineio_proto::SendError::Closed("late".into()));
    }
    let mut scene = client().polling().closing();
    scene.answer("g1", &["4a"]);
    assert_eq!(scene.outcome(), "POST p1 1 | closing");
    let mut scene = client().websocket().closing();
    scene.frame("w1", "4a");
    assert_eq!(scene.outcome(), "w1: 1, hangup 1000 | closed Application | over");
}

#[test]
fn what_came_before_the_close_is_delivered() {
    let mut scene = client().websocket();
    scene.frame("w1", "4a");
    scene.close();
    assert_eq!(scene.outcome(), "w1: 1, hangup 1000 | a, closed Application | over");
}

#[test]
fn session_that_is_not_open_yet_opens_and_then_closes() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).opening();
        scene.send("a");
        scene.close();
        assert_eq!(scene.outcome(), "closing");
        scene.answer("g1", &[&scene.open_packet("\"websocket\"")]);
        assert_eq!(scene.outcome(), "POST p1 4a␞1 | opened | closing", "and nothing else");
        scene.ok("p1");
        assert_eq!(scene.outcome(), "closed Application | over");
        let scenario = client().revision(revision).transports(&[WebSocket]);
        let mut scene = scenario.opening();
        scene.send("a");
        scene.close();
        scene.frame("w1", &scene.open_packet(""));
        let outcome = "w1: 4a, 1, hangup 1000 | opened, closed Application | over";
        assert_eq!(scene.outcome(), outcome);
    }
}

#[test]
fn session_that_closes_and_never_opens_says_why_it_did_not() {
    let mut scene = client().transports(&[Polling]).opening().closing();
    scene.refuse("g1", 403, "");
    assert_eq!(scene.outcome(), "closed Refused 403 | over");
    let mut scene = client().opening().closing();
    scene.fail("g1", Failure::Gone);
    assert_eq!(scene.outcome(), "WS w1 | closing");
}

#[test]
fn at_each_stage_of_an_upgrade_a_close_goes_back_to_polling() {
    for revision in REVISIONS {
        for state in [ClientScenario::asking, ClientScenario::probing, ClientScenario::pausing] {
            let mut scene = state(client().revision(revision));
            scene.send("a");
            scene.close();
            assert_eq!(scene.outcome(), "POST p1 4a␞1; w1: hangup 1000 | closing");
            scene.frame("w1", "3probe");
            scene.answer("g1", &["6"]);
            scene.ok("p1");
            assert_eq!(scene.outcome(), "closed Application | over");
        }
    }
}

#[test]
fn websocket_that_took_over_says_5_before_it_closes() {
    let mut scene = client().pausing();
    scene.answer("g1", &["6"]);
    scene.send("a");
    scene.close();
    let outcome = "w1: 5, 4a, 1, hangup 1000 | upgraded, closed Application | over";
    assert_eq!(scene.outcome(), outcome);
}

#[test]
fn websocket_that_was_not_started_yet_never_is() {
    let mut scene = client().opening();
    scene.answer("g1", &[&scene.open_packet("\"websocket\"")]);
    scene.close();
    assert_eq!(scene.outcome(), "POST p1 1 | opened | closing");
}

#[test]
fn close_takes_no_longer_than_its_timeout() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling();
        scene.wait_until(5_000);
        scene.close();
        assert_eq!(scene.outcome(), "POST p1 1 | closing");
        scene.wait_until(14_999);
        assert_eq!(scene.outcome(), "closing");
        scene.close();
        assert_eq!(scene.due(), Some(15_000), "a second close changes nothing");
        scene.wait_until(15_000);
        let outcome = "g1: hangup 1000; p1: hangup 1000 | closed Application | over";
        assert_eq!(scene.outcome(), outcome);
    }
    let mut scene = client().opening().closing();
    scene.wait_until(10_000);
    assert_eq!(scene.outcome(), "g1: hangup 1000 | closed Application | over");
    let mut scene = client().websocket().closing();
    scene.wait_until(10_000);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | closed Application | over", "nobody wrote");
}

#[test]
fn heartbeat_of_a_session_that_closes_goes_on() {
    let mut scene =
        client().config(|config| config.close_timeout(common::millis(60_000))).polling();
    scene.close();
    scene.outcome();
    scene.wait_until(45_000);
    let outcome = "g1: hangup 1000; p1: hangup 1000 | closed PingTimeout | over";
    assert_eq!(scene.outcome(), outcome);
}

#[test]
fn server_that_does_not_know_the_session_any_more_is_no_obstacle() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling().closing();
        scene.outcome();
        scene.refuse("p1", 400, r#"{"code":1,"message":"Session ID unknown"}"#);
        assert_eq!(scene.outcome(), "g1: hangup 1000 | closed Application | over");
    }
}

#[test]
fn once_the_close_packet_has_left_a_poll_has_nothing_to_say() {
    for revision in REVISIONS {
        // The session is gone, and servers answer its poll differently.
        for body in ["", "1", "<html>"] {
            let mut scene = client().revision(revision).polling().closing();
            scene.outcome();
            scene.respond("g1", 200, "text/plain", body);
            assert_eq!(scene.outcome(), "closing", "{body:?}");
            scene.ok("p1");
            assert_eq!(scene.outcome(), "closed Application | over");
        }
        let mut scene = client().revision(revision).polling().closing();
        scene.outcome();
        scene.refuse("g1", 400, "");
        assert_eq!(scene.outcome(), "closing");
        let mut scene = client().revision(revision).polling().closing();
        scene.outcome();
        scene.fail("g1", Failure::Gone);
        assert_eq!(scene.outcome(), "closing");
        scene.ok("p1");
        assert_eq!(scene.outcome(), "closed Application | over", "no hang-up for what is gone");
    }
}

#[test]
fn last_post_that_was_cut_may_have_lost_messages() {
    let mut scene = client().polling();
    scene.send("a");
    scene.close();
    scene.outcome();
    scene.fail("p1", Failure::Gone);
    assert_eq!(scene.outcome(), "g1: hangup 1000 | closed TransportLost | over");
}

#[test]
fn server_that_closes_first_is_named() {
    let mut scene = client().polling().posting().closing();
    scene.answer("g1", &["1"]);
    assert_eq!(scene.outcome(), "p1: hangup 1000 | closed Server | over");
    let mut scene = client().websocket().closing();
    scene.fail("w1", Failure::Closed(CloseCode::AWAY));
    assert_eq!(scene.outcome(), "w1: hangup 1000 | closed Server 1001 | over");
}

/// A server that restarts says 1001, one that dismisses this client 1000.
#[test]
fn close_frame_behind_the_close_packet_says_why() {
    for (why, reason) in [
        (Failure::Closed(CloseCode::AWAY), "Server 1001"),
        (Failure::Closed(CloseCode::NORMAL), "Server 1000"),
        (Failure::Closed(CloseCode::NO_STATUS), "Server 1005"),
        (Failure::Closed(CloseCode::ABNORMAL), "Server"),
        (Failure::Malformed, "Server"),
    ] {
        let mut scene = client().websocket();
        scene.frame("w1", "4a");
        scene.frame("w1", "1");
        scene.frame("w1", "4b");
        assert_eq!(scene.outcome(), "a | closing");
        scene.fail("w1", why);
        assert_eq!(scene.outcome(), format!("w1: hangup 1000 | closed {reason} | over"));
    }
}

#[test]
fn close_packet_without_a_close_frame_ends_the_session_after_a_second() {
    let mut scene = client().websocket();
    scene.send("too late");
    scene.frame("w1", "1");
    assert_eq!(scene.outcome(), "closing");
    assert!(scene.session.send("b").is_err());
    scene.close();
    scene.run_until(scene.now + 999);
    assert_eq!(scene.outcome(), "closing");
    scene.run_until(scene.now + 1);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | closed Server | over");
}

#[test]
fn websocket_that_is_closed_in_answer_to_the_close_packet_was_closed_by_this_side() {
    for revision in REVISIONS {
        for why in [Failure::Closed(CloseCode::NORMAL), Failure::Gone] {
            let mut scene = client().revision(revision).websocket().closing();
            let conn = scene.conn("w1");
            assert!(scene.session.poll_transmit(conn).is_some(), "`1`");
            scene.fail("w1", why);
            let outcome = scene.outcome();
            assert!(outcome.ends_with("closed Application | over"), "{why:?}: {outcome}");
        }
        let mut scene = client().revision(revision).websocket().closing();
        let conn = scene.conn("w1");
        assert!(scene.session.poll_transmit(conn).is_some(), "`1`");
        scene.frame("w1", "1");
        assert_eq!(scene.outcome(), "w1: hangup 1000 | closed Application | over");
    }
}

#[test]
fn abort_asks_nobody() {
    let mut scene = client().pausing();
    scene.send("lost");
    scene.session.abort(scene.time());
    let outcome = "w1: hangup 1000; g1: hangup 1000 | closed Application | over";
    assert_eq!(scene.outcome(), outcome);
    assert_eq!((scene.session.accepted(), scene.session.handed_over()), (1, 0));
}

#[test]
fn session_that_is_over_says_so_once_and_has_no_deadline() {
    for state in [
        ClientScenario::opening,
        ClientScenario::polling,
        ClientScenario::pausing,
        ClientScenario::websocket,
    ] {
        let mut scene = state(client());
        assert!(scene.due().is_some());
        scene.session.abort(scene.time());
        assert!(scene.session.is_closed(), "whether or not anybody reads it");
        assert!(scene.outcome().ends_with("closed Application | over"));
        scene.close();
        scene.session.abort(scene.time());
        scene.wait(3_600_000);
        assert_eq!(scene.outcome(), "over");
        assert_eq!(scene.due(), None);
        assert!(scene.session.close_reason().is_some());
    }
}
