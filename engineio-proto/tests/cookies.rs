//! Headers of the handshake's answer: the cookie, and the application's own.

mod common;

use std::sync::Arc;

use common::ask::{opening, request};
use common::{ConnId, Instant, Session, Transmit, millis, scenario};
use engineio_proto::{Cookie, Headers, SameSite, ServerConfig, Sid};

/// The headers of the first answer on either transport.
fn handshake(cookie: Option<Cookie>, line: &str) -> Headers {
    let config = Arc::new(ServerConfig::builder().cookie(cookie).build().expect("legal"));
    let mut opening = opening(&config, &request(line));
    opening.header("x-app", "yes").expect("legal");
    opening.header("x-app", "a\nb").expect_err("would break out");
    opening.header("", "empty").expect_err("no name");
    let sid = Sid::from_text("S").expect("legal");
    let mut session = Session::open(&config, opening, sid, ConnId(1), Instant::ZERO);
    match session.poll_transmit(ConnId(1)) {
        Some(Transmit::Respond(response)) => response.headers,
        Some(Transmit::Upgrade(headers)) => headers,
        other => panic!("no answer: {other:?}"),
    }
}

const LINES: [&str; 2] =
    ["GET /engine.io/?EIO=4&transport=polling", "GET /engine.io/?EIO=4&transport=websocket ws"];

#[test]
fn there_is_no_cookie_unless_it_is_configured() {
    for line in LINES {
        let headers = handshake(None, line);
        assert_eq!(headers.get("set-cookie"), None);
        assert_eq!(headers.get("X-App"), Some("yes"), "the application's own");
    }
}

#[test]
fn cookie_is_on_the_polling_handshake_and_on_the_101() {
    for line in LINES {
        let headers = handshake(Some(Cookie::new("io")), line);
        assert_eq!(headers.get("set-cookie"), Some("io=S; Path=/; HttpOnly; SameSite=Lax"));
    }
}

#[test]
fn later_answers_set_no_cookie() {
    let mut scene = scenario().config(|config| config.cookie(Some(Cookie::new("io")))).polling();
    let get = scene.get();
    scene.send("a");
    assert_eq!(scene.response(get).headers.get("set-cookie"), None);
    let conn = scene.upgrade();
    let Some(Transmit::Upgrade(headers)) = scene.transmit(conn) else { panic!("no 101") };
    assert_eq!(headers.get("set-cookie"), None);
}

#[test]
fn cookie_has_the_attributes_that_were_asked_for() {
    let cookie = Cookie::new("io")
        .no_path()
        .domain("a.test")
        .max_age(millis(86_400_999))
        .http_only(false)
        .secure(true)
        .same_site(SameSite::None);
    assert_eq!(
        handshake(Some(cookie), LINES[0]).get("set-cookie"),
        Some("io=S; Max-Age=86400; Domain=a.test; Secure; SameSite=None")
    );
    let cookie = Cookie::new("io").path("/a").same_site(SameSite::Strict);
    assert_eq!(
        handshake(Some(cookie), LINES[0]).get("set-cookie"),
        Some("io=S; Path=/a; HttpOnly; SameSite=Strict")
    );
}
