//! Violations of the protocol by a server, and oddities that do no harm.

mod common;

use common::{ClientScenario, REVISIONS, client};
use engineio_proto::Failure;
use engineio_proto::Transport::{Polling, WebSocket};

#[test]
fn first_answer_that_is_no_handshake_is_a_violation() {
    for (body, reason) in [
        ("<!DOCTYPE html><html>", "Packet"),
        ("", "Packet"),
        ("0", "Packet"),
        ("0{", "Packet"),
        ("0[]", "Packet"),
        ("0{}", "Packet"),
        (r#"0{"sid":"a/b","pingInterval":1,"pingTimeout":1}"#, "Packet"),
        (r#"0{"sid":"S","pingInterval":25000}"#, "Packet"),
        (r#"0{"sid":"S","pingInterval":-1,"pingTimeout":1}"#, "Packet"),
        ("4a", "Unexpected"),
        ("6", "Unexpected"),
        ("2", "Unexpected"),
        ("1", "Unexpected"),
    ] {
        let mut scene = client().transports(&[Polling]).opening();
        scene.respond("g1", 200, "text/plain", body);
        assert_eq!(scene.outcome(), format!("closed {reason} | over"), "{body:?}");
    }
}

#[test]
fn first_frame_that_is_no_handshake_is_a_violation() {
    for revision in REVISIONS {
        for (frame, reason) in
            [("", "Packet"), ("x", "Packet"), ("0{", "Packet"), ("4a", "Unexpected")]
        {
            let mut scene = client().revision(revision).transports(&[WebSocket]).opening();
            scene.upgraded("w1");
            scene.frame("w1", frame);
            let outcome = scene.outcome();
            assert!(outcome.ends_with(&format!("| closed {reason} | over")), "{outcome}");
        }
    }
}

#[test]
fn redirect_is_not_followed() {
    for transport in [Polling, WebSocket] {
        let mut scene = client().transports(&[transport]).opening();
        let name = if transport == Polling { "g1" } else { "w1" };
        scene.refuse(name, 302, "");
        assert_eq!(scene.outcome(), "closed Refused 302 | over");
    }
    let mut scene = client().polling();
    scene.refuse("g1", 302, "");
    assert_eq!(scene.outcome(), "closed Refused 302 | over");
}

#[test]
fn answer_without_a_body_or_with_html_ends_the_session() {
    for body in ["", "<!DOCTYPE html>"] {
        for revision in REVISIONS {
            let mut scene = client().revision(revision).polling();
            scene.respond("g1", 200, "text/html", body);
            assert_eq!(scene.outcome(), "closed Packet | over");
        }
    }
}

#[test]
fn octets_in_revision_4_end_the_session() {
    let mut scene = client().polling();
    scene.respond("g1", 200, "application/octet-stream", "4a");
    assert_eq!(scene.outcome(), "closed Packet | over");
}

#[test]
fn of_an_answer_with_an_illegal_packet_nothing_is_delivered() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling();
        scene.answer("g1", &["4a", "x", "4b"]);
        assert_eq!(scene.outcome(), "closed Packet | over");
    }
}

#[test]
fn packets_that_clients_never_get_end_the_session() {
    let second_open = client().created().open_packet("");
    for revision in REVISIONS {
        for packet in [second_open.as_str(), "0{}", "5"] {
            let mut scene = client().revision(revision).polling();
            scene.answer("g1", &["4a", packet, "4b"]);
            assert_eq!(scene.outcome(), "a, closed Unexpected | over", "{packet} over polling");
            for state in [ClientScenario::websocket, ClientScenario::moved] {
                let mut scene = state(client().revision(revision));
                scene.frame("w1", packet);
                let outcome = scene.outcome();
                assert_eq!(outcome, "w1: hangup 1002 | closed Unexpected | over", "{packet}");
            }
        }
    }
}

#[test]
fn close_packet_ends_the_session_on_every_transport() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling().posting();
        scene.answer("g1", &["4a", "1", "4b"]);
        assert_eq!(scene.outcome(), "p1: hangup 1000 | a, closed Server | over");
        let mut scene = client().revision(revision).pausing();
        scene.answer("g1", &["4a", "1"]);
        assert_eq!(scene.outcome(), "w1: hangup 1000 | a, closed Server | over");
        for state in [ClientScenario::websocket, ClientScenario::moved] {
            let mut scene = state(client().revision(revision));
            scene.frame("w1", "1");
            assert_eq!(scene.outcome(), "closing");
            scene.wait(1000);
            assert_eq!(scene.outcome(), "w1: hangup 1000 | closed Server | over");
        }
    }
}

#[test]
fn illegal_frame_ends_the_session() {
    for revision in REVISIONS {
        for frame in ["", "x", "7"] {
            let mut scene = client().revision(revision).websocket();
            scene.frame("w1", frame);
            assert_eq!(scene.outcome(), "w1: hangup 1002 | closed Packet | over");
        }
    }
}

#[test]
fn noop_is_harmless_on_every_transport() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling();
        scene.answer("g1", &["6", "4a", "6"]);
        assert_eq!(scene.outcome(), "GET g2 | a | polling");
        for state in [ClientScenario::websocket, ClientScenario::moved] {
            let mut scene = state(client().revision(revision));
            scene.frame("w1", "6");
            assert_eq!(scene.outcome(), "websocket");
        }
    }
}

#[test]
fn facts_about_connections_of_the_past_change_nothing() {
    let mut scene = client().polling();
    scene.answer("g1", &["4a"]);
    assert_eq!(scene.outcome(), "GET g2 | a | polling");
    let before = format!("{:?}", scene.session);
    scene.answer("g1", &["4a", "1"]);
    scene.refuse("g1", 400, "");
    scene.fail("g1", Failure::Gone);
    scene.fail("g1", Failure::Malformed);
    scene.frame("g1", "1");
    scene.upgraded("g1");
    assert_eq!(format!("{:?}", scene.session), before);
}
