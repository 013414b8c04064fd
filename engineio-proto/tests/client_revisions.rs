//! A client and a server that don't speak the same revision.

mod common;

use common::{ClientScenario, client};
use engineio_proto::Revision::{V3, V4};
use engineio_proto::Transport::{Polling, WebSocket};

const CODE_5: &str = r#"{"code":5,"message":"Unsupported protocol version"}"#;
const PYTHON: &str = "\"The client is using an unsupported version of the Socket.IO or \
                      Engine.IO protocols\"";

/// The answer of a server of revision 3.
const OPEN_3: &str = r#"53:0{"sid":"S","pingInterval":25000,"pingTimeout":20000}"#;
const OPEN_4: &str = r#"0{"sid":"S","pingInterval":25000,"pingTimeout":20000}"#;

fn polling(scenario: ClientScenario) -> ClientScenario {
    scenario.transports(&[Polling])
}

#[test]
fn answer_in_the_other_revision_is_recognised() {
    let mut scene = polling(client()).opening();
    scene.respond("g1", 200, "text/plain", OPEN_3);
    assert_eq!(scene.outcome(), "closed WrongRevision 3 | over");
    let mut scene = polling(client().v3()).opening();
    scene.respond("g1", 200, "text/plain", OPEN_4);
    assert_eq!(scene.outcome(), "closed WrongRevision 4 | over");
}

#[test]
fn refused_revision_is_recognised_by_its_code_or_by_pythons_words() {
    for revision in [V3, V4] {
        for body in [CODE_5, PYTHON] {
            for transports in [[Polling, WebSocket], [WebSocket, Polling]] {
                let scenario = client().revision(revision).transports(&transports);
                let mut scene = scenario.opening();
                let name = if transports[0] == Polling { "g1" } else { "w1" };
                scene.refuse(name, 400, body);
                assert_eq!(scene.outcome(), "closed WrongRevision | over", "and is final");
            }
        }
    }
}

#[test]
fn client_that_speaks_both_asks_again_in_revision_3() {
    let mut scene = polling(client().auto()).opening();
    assert_eq!(scene.session.revision(), V4);
    scene.wait_until(5_000);
    scene.respond("g1", 200, "text/plain", OPEN_3);
    assert_eq!(scene.outcome(), "GET g2 | opening");
    assert_eq!(scene.target("g2"), "/engine.io/?EIO=3&transport=polling");
    assert_eq!(scene.session.revision(), V3);
    assert_eq!(scene.due(), Some(25_000), "a connect time-out of its own");
    scene.respond("g2", 200, "text/plain", OPEN_3);
    assert_eq!(scene.outcome(), "GET g3 | opened | polling");
}

#[test]
fn client_that_speaks_both_asks_again_by_the_same_transport() {
    for body in [CODE_5, PYTHON] {
        let mut scene = client().auto().transports(&[WebSocket, Polling]).opening();
        scene.refuse("w1", 400, body);
        assert_eq!(scene.outcome(), "WS w2 | opening");
        assert_eq!(scene.target("w2"), "/engine.io/?EIO=3&transport=websocket");
        scene.upgraded("w2");
        scene.frame("w2", OPEN_4);
        assert_eq!(scene.outcome(), "opened | websocket");
    }
}

#[test]
fn server_that_speaks_neither_is_asked_twice() {
    let mut scene = client().auto().opening();
    scene.refuse("g1", 400, CODE_5);
    assert_eq!(scene.outcome(), "GET g2 | opening");
    scene.refuse("g2", 400, CODE_5);
    assert_eq!(scene.outcome(), "closed WrongRevision | over");
}

#[test]
fn server_that_changes_its_mind_is_not_asked_for_ever() {
    let mut scene = polling(client().auto()).opening();
    scene.refuse("g1", 400, CODE_5);
    assert_eq!(scene.outcome(), "GET g2 | opening");
    scene.respond("g2", 200, "text/plain", OPEN_4);
    assert_eq!(scene.outcome(), "closed WrongRevision 4 | over");
}

#[test]
fn other_refusals_do_not_change_the_revision() {
    for (status, body) in [(400, "no"), (403, PYTHON), (400, r#"{"code":3}"#), (500, "")] {
        let mut scene = polling(client().auto()).opening();
        scene.refuse("g1", status, body);
        assert_eq!(scene.outcome(), format!("closed Refused {status} | over"));
    }
}

#[test]
fn what_is_neither_revision_does_not_change_it() {
    let mut scene = client().auto().opening();
    scene.respond("g1", 200, "text/html", "<html>");
    assert_eq!(scene.outcome(), "WS w1 | opening");
    assert_eq!(scene.target("w1"), "/engine.io/?EIO=4&transport=websocket");
}
