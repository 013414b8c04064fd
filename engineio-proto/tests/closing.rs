//! How sessions end: gracefully, at shutdown, by the peer, at once.

mod common;

use common::{Event, Failure, REVISIONS, ServerCloseReason, Transmit, scenario};
use engineio_proto::{CloseCode, SendError};

#[test]
fn waiting_get_takes_the_rest_and_the_end() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().parked();
        scene.send("a");
        scene.close();
        assert_eq!(scene.outcome(), "g1: 200 4a␞1 | closed Application | over");
    }
}

#[test]
fn what_does_not_fit_leaves_before_the_end() {
    let mut scene = scenario().config(|config| config.max_batch_packets(2)).polling().followed();
    for message in ["a", "b", "c", "d"] {
        scene.send(message);
    }
    scene.close();
    scene.get();
    assert_eq!(scene.outcome(), "g1: 200 4a␞4b | closing");
    scene.get();
    assert_eq!(scene.outcome(), "g2: 200 4c␞4d | closing", "no room for the end");
    scene.get();
    assert_eq!(scene.outcome(), "g3: 200 1 | closed Application | over");
}

#[test]
fn close_that_nobody_fetches_takes_thirty_seconds() {
    let mut scene = scenario().v3().polling().followed();
    scene.wait_until(1_000);
    scene.close();
    scene.run_until(30_999);
    assert_eq!(scene.outcome(), "closing");
    scene.run_until(31_000);
    assert_eq!(scene.outcome(), "closed Application | over");
}

#[test]
fn second_close_changes_nothing() {
    let mut scene = scenario().v3().polling().followed().closing();
    scene.wait_until(20_000);
    scene.close();
    scene.session.shutdown(scene.time());
    scene.run_until(30_000);
    assert_eq!(scene.outcome(), "closed Application | over");
}

#[test]
fn while_closing_posts_get_their_ok_and_are_dropped() {
    let mut scene = scenario().polling().followed().closing();
    scene.post(&["4a"]);
    assert_eq!(scene.outcome(), "p1: 200 ok | closing");
}

#[test]
fn while_closing_nothing_can_be_sent() {
    for state in ["closing", "closed"] {
        let scene = scenario().polling().followed();
        let mut scene = if state == "closing" { scene.closing() } else { scene.closed() };
        assert!(!scene.session.is_writable());
        let error = scene.session.send("a").expect_err("it closes");
        assert_eq!(error, SendError::Closed("a".into()));
        assert_eq!(error.into_outgoing(), "a".into());
    }
}

#[test]
fn while_closing_an_upgrade_still_completes_and_then_closes() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().probed();
        scene.send("a");
        scene.close();
        scene.frame(scene.conn("w1"), "5");
        let outcome = "w1: 4a, 1, hangup 1000 | upgraded, closed Application | over";
        assert_eq!(scene.outcome(), outcome);
    }
    let mut scene = scenario().polling().followed().closing().probed();
    scene.frame(scene.conn("w1"), "5");
    assert_eq!(scene.outcome(), "w1: 1, hangup 1000 | upgraded, closed Application | over");
}

#[test]
fn websocket_gets_the_queue_the_end_and_1000() {
    let mut scene = scenario().websocket();
    scene.send("a");
    scene.send("b");
    scene.close();
    assert_eq!(scene.outcome(), "w1: 4a, 4b, 1, hangup 1000 | closed Application | over");
}

#[test]
fn close_code_of_a_websocket_is_in_the_reason() {
    for (code, reason) in [
        (CloseCode::NORMAL, "Peer 1000"),
        (CloseCode::AWAY, "Peer 1001"),
        (CloseCode::NO_STATUS, "Peer 1005"),
        (CloseCode::ABNORMAL, "Peer 1006"),
        (CloseCode(4000), "Peer 4000"),
    ] {
        let mut scene = scenario().websocket();
        scene.fail(scene.conn("w1"), Failure::Closed(code));
        assert_eq!(scene.outcome(), format!("w1: hangup 1000 | closed {reason} | over"));
    }
    assert_eq!(
        ServerCloseReason::Peer(Some(CloseCode::AWAY)).to_string(),
        "closed by the peer with code 1001"
    );
    assert_eq!(ServerCloseReason::Peer(None).to_string(), "closed by the peer");
}

#[test]
fn at_shutdown_a_websocket_gets_1001() {
    let mut scene = scenario().websocket();
    scene.send("a");
    scene.session.shutdown(scene.time());
    assert_eq!(scene.outcome(), "w1: 4a, 1, hangup 1001 | closed Shutdown | over");
    let mut scene = scenario().polling().parked();
    scene.session.shutdown(scene.time());
    assert_eq!(scene.outcome(), "g1: 200 1 | closed Shutdown | over");
}

#[test]
fn at_shutdown_the_end_comes_with_the_poll_after_the_last_messages() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().parked();
        scene.send("a");
        scene.session.shutdown(scene.time());
        assert_eq!(scene.outcome(), "g1: 200 4a | closing");
        scene.post(&["4b"]);
        assert_eq!(scene.outcome(), "p1: 200 ok | b | closing");
        scene.get();
        assert_eq!(scene.outcome(), "g2: 200 1 | closed Shutdown | over");
    }
}

#[test]
fn what_a_post_brings_after_a_shutdown_reaches_the_application() {
    let mut scene = scenario().polling().followed();
    scene.session.shutdown(scene.time());
    scene.post(&["4a"]);
    assert_eq!(scene.outcome(), "p1: 200 ok | a | closing");
    scene.get();
    assert_eq!(scene.outcome(), "g1: 200 1 | closed Shutdown | over");
}

#[test]
fn websocket_that_takes_nothing_is_closed_after_thirty_seconds() {
    let mut scene = scenario().v3().websocket();
    scene.send("a");
    scene.close();
    scene.run_until(29_999);
    assert!(!scene.session.is_closed());
    scene.run_until(30_000);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | closed Application | over");
}

#[test]
fn close_packet_over_the_websocket_is_honoured() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).websocket();
        scene.send("a");
        scene.frame(scene.conn("w1"), "1");
        assert_eq!(scene.outcome(), "w1: hangup 1000 | closed Peer | over");
    }
}

#[test]
fn abort_loses_what_is_queued() {
    let mut scene = scenario().websocket();
    scene.send("a");
    scene.session.abort(scene.time(), ServerCloseReason::Overloaded);
    assert_eq!(scene.outcome(), "w1: hangup 1008 | closed Overloaded | over");
    assert_eq!(scene.session.handed_over(), 0, "nothing has left");
    assert_eq!(scene.session.accepted(), 1);
    assert_eq!(scene.session.queued_bytes(), 0);
    let mut scene = scenario().polling().parked().posting().probed();
    scene.session.abort(scene.time(), ServerCloseReason::Application);
    let outcome = "g1: 200 1; p1: 400; w1: hangup 1000 | closed Application | over";
    assert_eq!(scene.outcome(), outcome);
}

#[test]
fn messages_that_came_before_the_end_are_still_there() {
    let mut scene = scenario().websocket();
    scene.frame(scene.conn("w1"), "4a");
    scene.fail(scene.conn("w1"), Failure::Gone);
    assert!(scene.session.is_closed());
    assert_eq!(scene.event(), Some(Event::Message("a".into())));
    assert_eq!(scene.event(), Some(Event::Closed(ServerCloseReason::TransportLost)));
    assert_eq!(scene.event(), None);
}

#[test]
fn closed_session_has_no_deadline_and_stays_closed() {
    let mut scene = scenario().websocket().closed();
    assert_eq!(scene.due(), None);
    scene.wait_until(1_000_000);
    scene.session.abort(scene.time(), ServerCloseReason::Overloaded);
    scene.close();
    assert_eq!(scene.outcome(), "over");
    assert_eq!(scene.session.close_reason(), Some(&ServerCloseReason::Application));
    assert_eq!(scene.session.transport(), None);
}

#[test]
fn last_words_wait_for_whoever_pulls_them_later() {
    let mut scene = scenario().polling().parked().posting();
    scene.post(&["4a"]);
    scene.wait_until(1_000_000);
    assert_eq!(scene.pull(scene.conn("g1")), "200 1");
    assert_eq!(scene.pull(scene.conn("p1")), "400");
    assert_eq!(scene.pull(scene.conn("p2")), "400");
    assert_eq!(scene.outcome(), "closed OverlappingPosts | over");
}

#[test]
fn who_is_gone_gets_no_last_word() {
    let mut scene = scenario().polling().parked().posting();
    scene.begin_post();
    for conn in ["g1", "p1", "p2"] {
        scene.fail(scene.conn(conn), Failure::Gone);
    }
    assert_eq!(scene.outcome(), "closed OverlappingPosts | over");
}

#[test]
fn reason_is_the_peers_code_only_where_it_matters() {
    for (frame, code) in [("1", 1000), ("x", 1002), ("2", 1002)] {
        let mut scene = scenario().websocket();
        scene.frame(scene.conn("w1"), frame);
        let hangup = scene.transmit(scene.conn("w1"));
        assert_eq!(hangup, Some(Transmit::Hangup(CloseCode(code))));
    }
}

#[test]
fn frame_longer_than_max_payload_ends_the_session_with_1009() {
    for (length, outcome) in
        [(10, "xxxxxxxxx | websocket"), (11, "w1: hangup 1009 | closed TooLarge | over")]
    {
        let mut scene = scenario().config(|config| config.max_payload(10)).websocket();
        scene.frame(scene.conn("w1"), &format!("4{}", "x".repeat(length - 1)));
        assert_eq!(scene.outcome(), outcome, "{length} bytes");
    }
}
