//! The end of a client's session over polling.

use std::sync::Arc;

use engineio_proto::client::{Connect, Event, Input, Session, Transmit};
use engineio_proto::{ClientCloseReason, ClientConfig};
use engineio_proto::{ConnId, Failure};
use engineio_proto::{Headers, Instant, Response};

fn answer(status: u16, body: &str) -> Response {
    let body = body.to_owned().into();
    Response { status, headers: Headers::new(), body, coding: None }
}

/// An open session with a poll and the last POST under way.
fn leaving() -> (Session, ConnId, ConnId) {
    let now = Instant::ZERO;
    let mut session = Session::connect(&Arc::new(ClientConfig::default()), now, 1);
    let (get, _) = session.poll_connect().expect("a handshake");
    let open = r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
    session.handle_input(now, Input::Responded(get, answer(200, open)));
    assert!(matches!(session.poll_event(), Some(Event::Opened(_))));
    let (get, _) = session.poll_connect().expect("a poll");
    session.send("last").expect("an open session");
    session.close(now);
    let (post, Connect::Post { body, .. }) = session.poll_connect().expect("a POST") else {
        panic!("not a POST")
    };
    assert_eq!(body, "4last\u{1e}1");
    assert_eq!(session.poll_connect(), None);
    (session, get, post)
}

#[test]
fn whatever_comes_of_the_poll_beside_the_goodbye_is_no_reason() {
    let now = Instant::ZERO;
    for fate in [
        |get| Input::Responded(get, answer(400, r#"{"code":1,"message":"Session ID unknown"}"#)),
        |get| Input::Responded(get, answer(200, "6")),
        |get| Input::Responded(get, answer(200, "1")),
        |get| Input::Responded(get, answer(200, "garbage")),
        |get| Input::Failed(get, Failure::Gone),
    ] {
        let (mut session, get, post) = leaving();
        session.handle_input(now, fate(get));
        assert!(!session.is_closed(), "the goodbye is still under way");
        assert_eq!(session.poll_connect(), None);
        session.handle_input(now, Input::Responded(post, answer(200, "ok")));
        assert_eq!(session.poll_event(), Some(Event::Closed(ClientCloseReason::Application)));
    }
}

#[test]
fn poll_that_still_waits_is_given_up_behind_the_goodbye() {
    let (mut session, get, post) = leaving();
    session.handle_input(Instant::ZERO, Input::Responded(post, answer(200, "ok")));
    assert_eq!(session.close_reason(), Some(&ClientCloseReason::Application));
    assert!(matches!(session.poll_transmit(get), Some(Transmit::Hangup(_))));
    assert_eq!(session.poll_transmit(get), None);
    assert_eq!(session.poll_timeout(), None);
}
