//! The client's handshake: what is asked for, by which transport, and what counts as a yes.

mod common;

use common::{ClientScenario, REVISIONS, client};
use engineio_proto::Transport::{self, Polling, WebSocket};
use engineio_proto::{ClientConfigBuilder, Failure};

const BOTH: [Transport; 2] = [Polling, WebSocket];

/// Begins with a WebSocket.
fn framed() -> ClientScenario {
    client().transports(&[WebSocket, Polling])
}

#[test]
fn first_request_names_revision_and_transport() {
    for (revision, transport, name, target) in [
        (REVISIONS[0], Polling, "g1", "/engine.io/?EIO=3&transport=polling"),
        (REVISIONS[1], Polling, "g1", "/engine.io/?EIO=4&transport=polling"),
        (REVISIONS[0], WebSocket, "w1", "/engine.io/?EIO=3&transport=websocket"),
        (REVISIONS[1], WebSocket, "w1", "/engine.io/?EIO=4&transport=websocket"),
    ] {
        let scene = client().revision(revision).transports(&[transport]).opening();
        assert_eq!(scene.target(name), target);
    }
}

#[test]
fn every_later_request_names_the_session_last() {
    let mut scene = client().asking();
    scene.send("a");
    scene.outcome();
    assert_eq!(scene.target("w1"), "/engine.io/?EIO=4&transport=websocket&sid=S");
    assert_eq!(scene.target("g1"), "/engine.io/?EIO=4&transport=polling&sid=S");
    assert_eq!(scene.target("p1"), "/engine.io/?EIO=4&transport=polling&sid=S");
}

#[test]
fn applications_query_comes_first_and_the_path_gets_a_slash() {
    let mut scene = client()
        .config(|config| config.path("/a%20b").query("x=1").query_pair("k&", "é "))
        .asking();
    scene.send("a");
    scene.outcome();
    for (name, transport) in [("w1", "websocket"), ("g1", "polling"), ("p1", "polling")] {
        let target = format!("/a%20b/?x=1&k%26=%C3%A9+&EIO=4&transport={transport}&sid=S");
        assert_eq!(scene.target(name), target);
    }
}

#[test]
fn path_ends_as_the_settings_say() {
    for (path, with, without) in [
        ("/engine.io", "/engine.io/", "/engine.io"),
        ("/engine.io/", "/engine.io/", "/engine.io"),
        ("/", "/", "/"),
        ("/a//", "/a//", "/a/"),
    ] {
        for (slash, expected) in [(true, with), (false, without)] {
            let config = |it: ClientConfigBuilder| it.path(path).trailing_slash(slash);
            let mut scene = client().config(config).asking();
            scene.outcome();
            assert_eq!(scene.target("g1"), format!("{expected}?EIO=4&transport=polling&sid=S"));
        }
    }
}

#[test]
fn each_poll_and_post_has_a_t_of_its_own_and_a_websocket_has_none() {
    let mut scene = client().config(|config| config.timestamp(true)).asking();
    scene.send("a");
    scene.outcome();
    scene.answer("g1", &["6"]);
    scene.outcome();
    let mut stamps = Vec::new();
    for name in ["g1", "p1", "g2"] {
        let target = scene.target(name);
        let stamp = target
            .strip_prefix("/engine.io/?EIO=4&transport=polling&t=")
            .and_then(|rest| rest.strip_suffix("&sid=S"));
        let stamp = stamp.unwrap_or_else(|| panic!("no `t` in {target}"));
        assert!(stamp.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{stamp}");
        stamps.push(stamp.to_owned());
    }
    stamps.sort();
    stamps.dedup();
    assert_eq!(stamps.len(), 3, "{stamps:?}");
    assert_eq!(scene.target("w1"), "/engine.io/?EIO=4&transport=websocket&sid=S");
}

#[test]
fn sessions_of_different_seeds_ask_for_different_targets() {
    let config = std::sync::Arc::new(engineio_proto::ClientConfig::default());
    let target = |seed| {
        let now = common::Instant::ZERO;
        let mut session = engineio_proto::client::Session::connect(&config, now, seed);
        session.poll_connect().expect("a request").1
    };
    assert_eq!(target(1), target(1));
    assert_ne!(target(1), target(2));
}

#[test]
fn messages_in_the_same_answer_as_the_open_packet_follow_it() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).opening();
        let open = scene.open_packet("");
        scene.answer("g1", &[&open, "4a", "6", "4b"]);
        assert_eq!(scene.outcome(), "GET g2 | opened, a, b | polling");
    }
}

#[test]
fn answer_may_open_the_session_and_end_it() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).opening();
        let open = scene.open_packet("\"websocket\"");
        scene.answer("g1", &[&open, "4a", "1", "4b"]);
        assert_eq!(scene.outcome(), "opened, a, closed Server | over");
    }
}

#[test]
fn what_the_server_said_can_be_asked_for() {
    let mut scene = client().max_payload(77).opening();
    assert!(scene.session.handshake().is_none() && scene.session.sid().is_none());
    let open = scene.open_packet("\"websocket\",\"webtransport\"");
    scene.answer("g1", &[&open]);
    let handshake = scene.session.handshake().expect("it is open");
    assert_eq!(handshake.max_payload, Some(77));
    assert_eq!(handshake.upgrades, [WebSocket]);
    assert_eq!(scene.session.sid().map(|sid| sid.as_str()), Some("S"));
}

#[test]
fn websocket_that_is_first_is_the_sessions_own_and_nothing_is_probed() {
    for revision in REVISIONS {
        let mut scene = framed().revision(revision).opening();
        scene.upgraded("w1");
        assert_eq!(scene.outcome(), "opening");
        scene.frame("w1", &scene.open_packet("\"websocket\""));
        scene.frame("w1", "4a");
        assert_eq!(scene.outcome(), "opened, a | websocket");
    }
}

#[test]
fn transport_that_cannot_connect_is_followed_by_the_next() {
    for why in [Failure::Gone, Failure::TimedOut, Failure::Malformed, Failure::TooLarge] {
        let mut scene = client().transports(&BOTH).opening();
        scene.fail("g1", why);
        let outcome = scene.outcome();
        assert!(outcome.starts_with("WS w1"), "after {why:?}: {outcome}");
        scene.frame("w1", &scene.open_packet(""));
        assert_eq!(scene.outcome(), "opened | websocket");
    }
    let mut scene = framed().opening();
    scene.fail("w1", Failure::Gone);
    assert_eq!(scene.outcome(), "GET g1 | opening");
    scene.answer("g1", &[&scene.open_packet("\"websocket\"")]);
    assert_eq!(scene.outcome(), "WS w2; GET g2 | opened | polling", "it may work now");
}

#[test]
fn refused_websocket_is_followed_by_polling_whatever_the_status() {
    for (status, body) in
        [(200, "hello"), (302, ""), (400, r#"{"code":3}"#), (403, r#"{"code":4}"#), (502, "")]
    {
        let mut scene = framed().opening();
        scene.refuse("w1", status, body);
        assert_eq!(scene.outcome(), "GET g1 | opening", "after {status}");
    }
}

#[test]
fn poll_that_is_refused_for_itself_is_final() {
    for (status, body) in [
        (302, ""),
        (400, r#"{"code":3,"message":"Bad request"}"#),
        (401, ""),
        (403, r#"{"code":4,"message":"nope"}"#),
        (404, "<html>"),
        (503, ""),
    ] {
        let mut scene = client().transports(&BOTH).opening();
        scene.refuse("g1", status, body);
        assert_eq!(scene.outcome(), format!("closed Refused {status} | over"));
    }
}

#[test]
fn poll_whose_transport_the_server_does_not_know_is_followed_by_a_websocket() {
    let mut scene = client().transports(&BOTH).opening();
    scene.refuse("g1", 400, r#"{"code":0,"message":"Transport unknown"}"#);
    assert_eq!(scene.outcome(), "WS w1 | opening");
}

#[test]
fn what_is_no_handshake_is_followed_by_a_websocket() {
    for body in ["<html>", "", "4a", "0{", "0{}", "0", "2", "6", "5", "x", "4:0{}"] {
        let mut scene = client().transports(&BOTH).opening();
        scene.respond("g1", 200, "text/html", body);
        assert_eq!(scene.outcome(), "WS w1 | opening", "after {body:?}");
    }
}

#[test]
fn refusal_carries_status_and_body() {
    let mut scene = client().opening();
    scene.refuse("g1", 403, r#"{"code":4,"message":"nope"}"#);
    let Some(common::ClientClose::Refused(refused)) = scene.session.close_reason() else {
        panic!("not refused")
    };
    assert_eq!((refused.status, refused.code()), (403, Some(4)));
    assert_eq!(refused.body, r#"{"code":4,"message":"nope"}"#);
}

#[test]
fn refusal_says_what_the_server_says() {
    for (body, said) in [
        (r#"{"code":4,"message":"wrong token"}"#, r#": "wrong token""#),
        (r#"{"message":"two\nlines"}"#, r#": "two\nlines""#),
        (r#"{"message":7}"#, ""),
        ("<html>", ""),
        ("", ""),
    ] {
        let mut scene = client().opening();
        scene.refuse("g1", 401, body);
        let reason = scene.session.close_reason().expect("refused");
        assert_eq!(reason.to_string(), format!("the server refused with status 401{said}"));
    }
}

#[test]
fn long_message_of_a_refusal_is_cut() {
    let mut scene = client().opening();
    scene.refuse("g1", 401, format!(r#"{{"message":"{}"}}"#, "é".repeat(1000)).leak());
    let said = "é".repeat(64);
    let expected = format!("the server refused with status 401: \"{said}\"");
    let reason = scene.session.close_reason().expect("refused");
    assert_eq!(reason.to_string(), expected);
}

#[test]
fn of_several_setbacks_the_first_that_says_more_than_unreachable_is_reported() {
    for (first, second, reported) in [
        (Failure::Gone, Failure::Gone, "Unreachable"),
        (Failure::Gone, Failure::Malformed, "Framing"),
        (Failure::Malformed, Failure::Gone, "Framing"),
        (Failure::TimedOut, Failure::Gone, "ConnectTimeout"),
        (Failure::Gone, Failure::TimedOut, "ConnectTimeout"),
        (Failure::TimedOut, Failure::Malformed, "ConnectTimeout"),
    ] {
        let mut scene = client().transports(&BOTH).opening();
        scene.fail("g1", first);
        scene.outcome();
        scene.fail("w1", second);
        let outcome = scene.outcome();
        let expected = format!("closed {reported} | over");
        assert!(outcome.ends_with(&expected), "{first:?}, then {second:?}: {outcome}");
    }
}

#[test]
fn server_that_does_not_answer_has_the_connect_timeout_for_each_transport() {
    let mut scene = client().transports(&BOTH).opening();
    assert_eq!(scene.due(), Some(20_000));
    scene.wait_until(19_999);
    assert_eq!(scene.outcome(), "opening");
    scene.wait_until(20_000);
    assert_eq!(scene.outcome(), "WS w1; g1: hangup 1000 | opening");
    scene.upgraded("w1");
    assert_eq!(scene.due(), Some(40_000), "a 101 is no session");
    scene.wait_until(40_000);
    assert_eq!(scene.outcome(), "w1: hangup 1000 | closed ConnectTimeout | over");
    assert_eq!(scene.due(), None);
}

#[test]
fn machine_that_slept_gives_the_next_transport_its_whole_time() {
    let mut scene = client().transports(&BOTH).opening();
    scene.wait_until(3_600_000);
    assert_eq!(scene.outcome(), "WS w1; g1: hangup 1000 | opening");
    assert_eq!(scene.due(), Some(3_620_000));
}

#[test]
fn transport_whose_turn_is_over_is_not_listened_to() {
    let mut scene = client().transports(&BOTH).opening();
    scene.wait_until(20_000);
    assert_eq!(scene.outcome(), "WS w1; g1: hangup 1000 | opening");
    scene.answer("g1", &[&scene.open_packet("")]);
    assert_eq!(scene.outcome(), "opening");
}

#[test]
fn upgrade_is_left_out_unless_both_sides_want_it() {
    let offered = "\"websocket\"";
    for (scenario, upgrades) in [
        (client(), ""),
        (client(), "\"webtransport\""),
        (client().transports(&[Polling]), offered),
        (client().config(|config| config.upgrade(false)), offered),
    ] {
        let mut scene = scenario.opening();
        scene.answer("g1", &[&scene.open_packet(upgrades)]);
        assert_eq!(scene.outcome(), "GET g2 | opened | polling");
    }
}
