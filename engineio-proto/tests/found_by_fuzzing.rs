//! Faults that the targets of `fuzz` found, each as a sentence that wasn't true then.

use std::sync::Arc;

use bytes::Bytes;
use engineio_proto::server::{Event, Input, Route, Session, Transmit, route};
use engineio_proto::{ConnId, Failure};
use engineio_proto::{
    Instant, Request, Response, ServerCloseReason, ServerConfig, ServerConfigBuilder, Sid,
};

const NOW: Instant = Instant::ZERO;

/// A session over polling whose handshake was answered: of connection 0.
fn open(revision: u8, config: ServerConfigBuilder) -> (Arc<ServerConfig>, Session) {
    let config = Arc::new(config.build().unwrap());
    let target = format!("/engine.io/?EIO={revision}&transport=polling");
    let request = Request { method: "GET", target: &target, ..Request::default() };
    let Route::Open(opening) = route(&config, &request) else { panic!("no handshake") };
    let sid = Sid::from_random([1; 16]);
    let mut session = Session::open(&config, opening, sid, ConnId(0), NOW);
    assert_eq!(answer(&mut session, 0).status, 200);
    (config, session)
}

fn request(session: &mut Session, config: &ServerConfig, method: &str, conn: u64) {
    let target = "/engine.io/?transport=polling&sid=s";
    let request = Request { method, target, ..Request::default() };
    let Route::Session { exchange, .. } = route(config, &request) else { panic!("no exchange") };
    session.handle_input(NOW, Input::Request(ConnId(conn), exchange));
}

fn post(session: &mut Session, config: &ServerConfig, conn: u64, body: &'static str) {
    request(session, config, "POST", conn);
    session.handle_input(NOW, Input::Body(ConnId(conn), Bytes::from_static(body.as_bytes())));
}

fn answer(session: &mut Session, conn: u64) -> Response {
    match session.poll_transmit(ConnId(conn)).map(Transmit::plain) {
        Some(Transmit::Respond(response)) => response,
        other => panic!("no answer but {other:?}"),
    }
}

#[test]
fn poll_that_fails_while_it_can_be_answered_is_answered() {
    for (why, status) in
        [(Failure::Malformed, 400), (Failure::TimedOut, 408), (Failure::TooLarge, 413)]
    {
        let (config, mut session) = open(4, ServerConfig::builder());
        request(&mut session, &config, "GET", 1);
        session.handle_input(NOW, Input::Failed(ConnId(1), why));
        assert_eq!(answer(&mut session, 1).status, status);
        // As with any poll that is cut, there is some time to come back.
        request(&mut session, &config, "GET", 2);
        session.handle_timeout(NOW + config.poll_grace());
        assert!(!session.is_closed());
    }
}

#[test]
fn post_that_fails_after_its_body_still_gets_its_ok() {
    let (config, mut session) = open(4, ServerConfig::builder().inbox_high_water(1).inbox_limit(1));
    post(&mut session, &config, 1, "4hello");
    session.handle_input(NOW, Input::Failed(ConnId(1), Failure::Malformed));
    assert!(!session.has_transmit(ConnId(1)), "the application hasn't read");
    assert!(matches!(session.poll_event(), Some(Event::Message(_))));
    assert_eq!(answer(&mut session, 1).status, 200);
}

#[test]
fn pong_that_does_not_fit_into_an_answer_leaves_with_the_next() {
    let (config, mut session) = open(3, ServerConfig::builder().max_payload(10));
    post(&mut session, &config, 1, "1:21:21:2");
    post(&mut session, &config, 2, "1:2");
    assert_eq!(answer(&mut session, 1).body, "ok");
    for (conn, body) in [(3, "1:31:31:3"), (4, "1:3")] {
        request(&mut session, &config, "GET", conn);
        assert_eq!(answer(&mut session, conn).body, body);
    }
    request(&mut session, &config, "GET", 5);
    assert!(!session.has_transmit(ConnId(5)));
}

#[test]
fn client_that_cuts_its_posts_cannot_fill_the_inbox_beyond_its_limit() {
    let (config, mut session) = open(3, ServerConfig::builder().inbox_high_water(1).inbox_limit(1));
    let gone = |conn| Input::Failed(ConnId(conn), Failure::Gone);
    post(&mut session, &config, 1, "6:4hello");
    session.handle_input(NOW, gone(1));
    post(&mut session, &config, 2, "1:2");
    session.handle_input(NOW, gone(2));
    assert!(!session.is_closed(), "it may say that it lives");
    post(&mut session, &config, 3, "6:4hello");
    assert_eq!(answer(&mut session, 3).status, 503);
    assert_eq!(session.close_reason(), Some(&ServerCloseReason::Overloaded));
    assert!(matches!(session.poll_event(), Some(Event::Message(_))));
    assert_eq!(session.poll_event(), Some(Event::Closed(ServerCloseReason::Overloaded)));
}

#[test]
fn sub_protocol_that_is_no_token_does_not_get_into_the_answer() {
    for (offer, chosen) in [("chat, other", Some("chat")), ("a\r\nx: y", None), ("a b", None)] {
        let request = Request {
            method: "GET",
            target: "/engine.io/?EIO=4&transport=websocket",
            upgrade: true,
            sec_websocket_protocol: Some(offer),
            ..Request::default()
        };
        let config = Arc::new(ServerConfig::default());
        let Route::Open(opening) = route(&config, &request) else { panic!("no handshake") };
        let sid = Sid::from_random([1; 16]);
        let mut session = Session::open(&config, opening, sid, ConnId(0), NOW);
        let Some(Transmit::Upgrade(headers)) = session.poll_transmit(ConnId(0)) else {
            panic!("no upgrade");
        };
        assert_eq!(headers.get("sec-websocket-protocol"), chosen, "{offer:?}");
    }
}
