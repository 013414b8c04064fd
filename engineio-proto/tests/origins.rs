//! Which pages of other origins are served, and what their browsers are told.

mod common;

use std::sync::Arc;

use common::ask::{answer, request, routed};
use common::{Route, scenario};
use engineio_proto::server::route;
use engineio_proto::{Cors, Request, Response, ServerConfig};

const HANDSHAKE: &str = "GET /engine.io/?EIO=4&transport=polling";

fn config(cors: Cors) -> ServerConfig {
    ServerConfig::builder().cors(cors).build().expect("a legal configuration")
}

fn from<'r>(line: &'r str, origin: &'r str) -> Request<'r> {
    Request { origin: Some(origin.as_bytes()), host: Some("here.test:3000"), ..request(line) }
}

fn headers(response: &Response) -> Vec<(&str, &str)> {
    response.headers.iter().collect()
}

fn listed() -> Cors {
    Cors::List(vec!["https://there.test".into(), "null".into()])
}

#[test]
fn every_request_of_the_path_is_checked_on_both_transports() {
    for line in [
        HANDSHAKE,
        "GET /engine.io/?EIO=4&transport=websocket ws",
        "GET /engine.io/?EIO=4&transport=polling&sid=S",
        "POST /engine.io/?EIO=4&transport=polling&sid=S",
        "GET /engine.io/?EIO=4&transport=websocket&sid=S ws",
        "PUT /engine.io/?EIO=4&transport=polling&sid=S",
    ] {
        let refused = routed(&ServerConfig::default(), &from(line, "http://evil.test"));
        assert_eq!(
            refused,
            "403 {\"code\":4,\"message\":\"Forbidden: origin http://evil.test is not allowed at \
             host here.test:3000\"}",
            "{line}"
        );
    }
}

#[test]
fn same_origin_is_served_and_told_so() {
    for origin in ["http://here.test:3000", "https://here.test:3000"] {
        assert_eq!(routed(&ServerConfig::default(), &from(HANDSHAKE, origin)), "open", "{origin}");
    }
    for origin in ["http://here.test", "http://sub.here.test:3000", "null", "file://", ""] {
        let refused = routed(&ServerConfig::default(), &from(HANDSHAKE, origin));
        assert!(refused.starts_with("403"), "{origin}");
    }
}

#[test]
fn request_without_origin_is_served() {
    for cors in [Cors::SameOrigin, Cors::Any, listed(), Cors::check(|_| false), Cors::Off] {
        assert_eq!(routed(&config(cors), &request(HANDSHAKE)), "open");
    }
}

#[test]
fn origin_that_is_no_text_is_a_bad_request() {
    for origin in [&b"\xff"[..], b"http://a\x01"] {
        let request = Request { origin: Some(origin), ..request(HANDSHAKE) };
        let refused = routed(&ServerConfig::default(), &request);
        assert_eq!(refused, r#"400 {"code":3,"message":"Bad request"}"#);
    }
}

#[test]
fn null_and_other_schemes_need_an_entry_in_the_list() {
    assert_eq!(routed(&config(listed()), &from(HANDSHAKE, "null")), "open");
    assert_eq!(routed(&config(listed()), &from(HANDSHAKE, "https://there.test")), "open");
    for origin in ["http://there.test", "http://here.test:3000", "app://there.test"] {
        let refused = routed(&config(listed()), &from(HANDSHAKE, origin));
        assert!(refused.starts_with("403"), "{origin}");
    }
}

#[test]
fn function_decides() {
    let config = config(Cors::check(|origin| origin.ends_with(".test")));
    assert_eq!(routed(&config, &from(HANDSHAKE, "http://a.test")), "open");
    assert!(routed(&config, &from(HANDSHAKE, "http://a.com")).starts_with("403"));
}

const UNCACHED: (&str, &str) = ("cache-control", "no-store");
const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn refusals_carry_the_headers_of_an_allowed_origin() {
    let line = "GET /engine.io/?EIO=4&transport=tobi";
    let response = answer(&config(listed()), &from(line, "https://there.test"));
    assert_eq!(
        headers(&response)[..2],
        [("vary", "Origin"), ("access-control-allow-origin", "https://there.test")]
    );
    let response = answer(&config(listed()), &from(line, "https://evil.test"));
    assert_eq!(headers(&response), [("vary", "Origin"), UNCACHED, JSON]);
    let response = answer(&config(Cors::Any), &from(line, "https://evil.test"));
    assert_eq!(headers(&response)[..1], [("access-control-allow-origin", "*")]);
    let response = answer(&config(Cors::Off), &from(line, "https://evil.test"));
    assert_eq!(headers(&response), [UNCACHED, JSON]);
}

#[test]
fn answers_of_a_session_carry_the_headers_of_their_request() {
    let mut scene = scenario().config(|config| config.cors(listed())).polling();
    let ask = |scene: &mut common::Scene, method, origin: &'static str| {
        let conn = scene.name("x");
        scene.ask(conn, method, "transport=polling", |request| Request {
            origin: Some(origin.as_bytes()),
            ..request
        });
        conn
    };
    let get = ask(&mut scene, "GET", "https://there.test");
    let post = ask(&mut scene, "POST", "null");
    scene.body(post, "4a");
    let overlapping = ask(&mut scene, "GET", "https://there.test:443");
    for (conn, status, origin) in [
        (get, 200, "https://there.test"),
        (post, 200, "null"),
        (overlapping, 400, "https://there.test:443"),
    ] {
        let response = scene.response(conn);
        let allowed = response.headers.get("access-control-allow-origin");
        assert_eq!((response.status, allowed), (status, Some(origin)));
    }
}

#[test]
fn credentials_are_allowed_only_where_they_are_configured() {
    let credentials = |on| {
        let config =
            ServerConfig::builder().cors(listed()).cors_credentials(on).build().expect("legal");
        let line = "OPTIONS /engine.io/";
        let response = answer(&config, &from(line, "https://there.test"));
        response.headers.get("access-control-allow-credentials").map(str::to_owned)
    };
    assert_eq!(credentials(true).as_deref(), Some("true"));
    assert_eq!(credentials(false), None);
}

#[test]
fn preflight_of_an_allowed_origin_is_answered_with_leave() {
    let request = Request {
        access_control_request_method: Some("POST"),
        access_control_request_headers: Some("x-foo, content-type"),
        ..from("OPTIONS /engine.io/?EIO=4&transport=polling&sid=S", "https://there.test")
    };
    let response = answer(&config(listed()), &request);
    assert_eq!((response.status, response.body.len()), (204, 0));
    assert_eq!(
        headers(&response),
        [
            ("vary", "Origin"),
            ("access-control-allow-origin", "https://there.test"),
            ("access-control-allow-methods", "GET, POST"),
            ("access-control-allow-headers", "x-foo, content-type"),
            ("vary", "Access-Control-Request-Headers"),
            ("access-control-max-age", "600"),
            ("allow", "GET, POST, OPTIONS"),
        ]
    );
}

#[test]
fn any_other_preflight_is_answered_without_leave() {
    let line = "OPTIONS /engine.io/";
    for (cors, origin, expected) in [
        (listed(), Some("https://evil.test"), vec![("vary", "Origin")]),
        (listed(), None, vec![("vary", "Origin")]),
        (Cors::Off, Some("https://there.test"), vec![]),
    ] {
        let request = Request { origin: origin.map(str::as_bytes), ..request(line) };
        let response = answer(&config(cors), &request);
        assert_eq!(response.status, 204);
        let mut expected = expected;
        expected.push(("allow", "GET, POST, OPTIONS"));
        assert_eq!(headers(&response), expected);
    }
}

#[test]
fn request_headers_that_would_break_out_of_the_answer_are_not_repeated() {
    let request = Request {
        access_control_request_headers: Some("x\r\nset-cookie: a=b"),
        ..from("OPTIONS /engine.io/", "https://there.test")
    };
    let response = answer(&config(listed()), &request);
    assert_eq!(response.headers.get("access-control-allow-headers"), None);
}

#[test]
fn handshake_that_is_accepted_carries_the_headers_on_both_transports() {
    for line in [HANDSHAKE, "GET /engine.io/?EIO=4&transport=websocket ws"] {
        let config = Arc::new(config(listed()));
        let Route::Open(opening) = route(&config, &from(line, "https://there.test")) else {
            panic!("a handshake");
        };
        let sid = engineio_proto::Sid::from_text("S").expect("legal");
        let now = common::Instant::ZERO;
        let conn = common::ConnId(1);
        let mut session = common::Session::open(&config, opening, sid, conn, now);
        let headers = match session.poll_transmit(conn) {
            Some(common::Transmit::Respond(response)) => response.headers,
            Some(common::Transmit::Upgrade(headers)) => headers,
            other => panic!("no answer: {other:?}"),
        };
        assert_eq!(headers.get("access-control-allow-origin"), Some("https://there.test"));
    }
}
