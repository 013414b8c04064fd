//! Which requests are served, and how the others are refused.

mod common;

use std::sync::Arc;

use common::ask::{answer, request, routed};
use common::{REVISIONS, scenario};
use engineio_proto::server::{RefusalCause, Route, Session, Transmit, Unavailable, route};
use engineio_proto::{
    ConnId, Instant, Request, Revision, Revisions, ServerConfig, ServerConfigBuilder, Sid,
    Transports,
};

const UNKNOWN_TRANSPORT: &str = r#"400 {"code":0,"message":"Transport unknown"}"#;
const UNKNOWN_SESSION: &str = r#"400 {"code":1,"message":"Session ID unknown"}"#;
const HANDSHAKE_METHOD: &str = r#"400 {"code":2,"message":"Bad handshake method"}"#;
const BAD_REQUEST: &str = r#"400 {"code":3,"message":"Bad request"}"#;
const UNSUPPORTED: &str = r#"400 {"code":5,"message":"Unsupported protocol version"}"#;

fn config(change: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder) -> ServerConfig {
    change(ServerConfig::builder()).build().expect("a legal configuration")
}

fn expect(config: &ServerConfig, table: &[(&str, &str)]) {
    for (line, expected) in table {
        assert_eq!(routed(config, &request(line)), *expected, "{line}");
    }
}

#[test]
fn refusal_has_the_reference_servers_body_byte_for_byte() {
    expect(
        &ServerConfig::default(),
        &[
            ("GET /engine.io/?EIO=4&transport=tobi", UNKNOWN_TRANSPORT),
            ("GET /engine.io/?EIO=4&transport=constructor", UNKNOWN_TRANSPORT),
            ("GET /engine.io/?EIO=4", UNKNOWN_TRANSPORT),
            ("GET /engine.io", UNKNOWN_TRANSPORT),
            ("POST /engine.io/?EIO=4&transport=polling", HANDSHAKE_METHOD),
            ("GET /engine.io/?EIO=4&transport=websocket", BAD_REQUEST),
            ("GET /engine.io/?EIO=4&transport=polling ws", BAD_REQUEST),
            ("GET /engine.io/?EIO=2&transport=polling", UNSUPPORTED),
            ("GET /engine.io/?EIO=abc&transport=polling", UNSUPPORTED),
        ],
    );
    let Route::Session { exchange, .. } = route(
        &ServerConfig::default(),
        &request("GET /engine.io/?EIO=4&transport=polling&sid=nobody"),
    ) else {
        panic!("a request with a sid");
    };
    let response = exchange.unknown_session().response();
    let body = String::from_utf8_lossy(&response.body);
    assert_eq!(format!("{} {body}", response.status), UNKNOWN_SESSION);
    assert_eq!(response.headers.get("content-type"), Some("application/json"));
}

#[test]
fn handshake_must_be_of_a_revision_that_is_served_also_before_a_101() {
    for (line, expected) in [
        ("GET /engine.io/?EIO=5&transport=websocket ws", UNSUPPORTED),
        ("GET /engine.io/?EIO=&transport=polling", UNSUPPORTED),
        ("GET /engine.io/?EIO=04&transport=polling", UNSUPPORTED),
        ("GET /engine.io/?EIO=3&transport=polling", "open"),
        ("GET /engine.io/?EIO=4&transport=websocket ws", "open"),
    ] {
        expect(&ServerConfig::default(), &[(line, expected)]);
    }
    expect(
        &config(|config| config.revisions(Revisions::V4)),
        &[
            ("GET /engine.io/?EIO=3&transport=polling", UNSUPPORTED),
            ("GET /engine.io/?EIO=3&transport=websocket ws", UNSUPPORTED),
            ("GET /engine.io/?transport=polling", UNSUPPORTED),
            ("GET /engine.io/?transport=websocket ws", UNSUPPORTED),
            ("GET /engine.io/?EIO=4&transport=polling", "open"),
        ],
    );
    expect(
        &config(|config| config.revisions(Revisions::V3)),
        &[
            ("GET /engine.io/?EIO=3&transport=polling", "open"),
            ("GET /engine.io/?transport=polling", "open"),
            ("GET /engine.io/?EIO=4&transport=polling", UNSUPPORTED),
        ],
    );
}

#[test]
fn websocket_over_http_1_0_is_refused_with_the_remedy() {
    for (line, upgrade) in [
        ("GET /engine.io/?EIO=4&transport=websocket", true),
        ("GET /engine.io/?EIO=4&transport=websocket", false),
        ("GET /engine.io/?EIO=3&transport=websocket&sid=S", true),
        ("GET /engine.io/?EIO=3&transport=websocket&sid=S", false),
    ] {
        let request = Request { upgrade, is_http_1_0: true, ..request(line) };
        let Route::Refuse(refusal) = route(&ServerConfig::default(), &request) else {
            panic!("{line} isn't refused");
        };
        assert_eq!(refusal.cause(), &RefusalCause::WebSocketOverHttp10);
        let response = refusal.response();
        let body = String::from_utf8_lossy(&response.body);
        assert_eq!(response.status, 400);
        assert!(body.starts_with(r#"{"code":3,"message":"Bad request: "#), "{body}");
        assert!(body.contains("proxy_http_version 1.1"), "{body}");
    }
    let polling = request("GET /engine.io/?EIO=4&transport=polling");
    let polling = Request { is_http_1_0: true, ..polling };
    assert!(matches!(route(&ServerConfig::default(), &polling), Route::Open(_)));
}

/// Swift clients up to 15.2 begin like this.
#[test]
fn handshake_without_a_revision_is_of_revision_3() {
    for line in [
        "GET /engine.io/?transport=polling",
        "GET /engine.io/?transport=polling&b64=1",
        "GET /engine.io/?transport=websocket ws",
    ] {
        let Route::Open(opening) = route(&ServerConfig::default(), &request(line)) else {
            panic!("{line} is refused");
        };
        assert_eq!(opening.revision(), Revision::V3, "{line}");
    }
}

#[test]
fn later_requests_may_leave_the_revision_out_but_not_change_it() {
    for revision in REVISIONS {
        let number = revision.number();
        for (query, outcome) in [
            ("transport=polling".to_owned(), "polling"),
            (format!("EIO={number}&transport=polling"), "polling"),
            (format!("EIO={}&transport=polling", 7 - number), "g1: 400 code 3 | polling"),
            ("EIO=5&transport=polling".to_owned(), "g1: 400 code 3 | polling"),
            ("EIO=&transport=polling".to_owned(), "g1: 400 code 3 | polling"),
        ] {
            let mut scene = scenario().revision(revision).polling();
            let conn = scene.name("g");
            scene.ask(conn, "GET", &query, |request| request);
            assert_eq!(scene.outcome(), outcome, "{query} in {revision:?}");
        }
        let mut scene = scenario().revision(revision).polling();
        let conn = scene.name("w");
        let query = format!("EIO={}&transport=websocket", 7 - number);
        scene.ask(conn, "GET", &query, |request| Request { upgrade: true, ..request });
        assert_eq!(scene.outcome(), "w1: 400 code 3 | polling", "no 101 first");
    }
}

#[test]
fn query_must_name_the_transport_that_the_request_is() {
    let mut scene = scenario().polling().parked();
    for (method, query, upgrade) in [
        ("GET", "transport=websocket", false),
        ("POST", "transport=websocket", false),
        ("GET", "transport=polling", true),
    ] {
        let conn = scene.name("x");
        scene.ask(conn, method, query, |request| Request { upgrade, ..request });
        assert_eq!(scene.pull(conn), "400 code 3", "{method} {query}");
    }
    assert_eq!(scene.outcome(), "polling", "no harm done");
}

#[test]
fn transport_that_is_off_is_unknown() {
    expect(
        &config(|config| config.transports(Transports::POLLING)),
        &[
            ("GET /engine.io/?EIO=4&transport=websocket ws", UNKNOWN_TRANSPORT),
            ("GET /engine.io/?EIO=4&transport=websocket&sid=S ws", UNKNOWN_TRANSPORT),
            ("GET /engine.io/?EIO=4&transport=polling", "open"),
        ],
    );
    expect(
        &config(|config| config.transports(Transports::WEBSOCKET)),
        &[
            ("GET /engine.io/?EIO=4&transport=polling", UNKNOWN_TRANSPORT),
            ("GET /engine.io/?EIO=4&transport=websocket ws", "open"),
        ],
    );
}

#[test]
fn open_packet_names_upgrades_only_where_there_are_any() {
    let open = |scenario: common::Scenario| {
        let mut scene = scenario.opening();
        scene.pull(scene.conn("g1"))
    };
    assert!(open(scenario()).contains(r#""upgrades":["websocket"]"#));
    for off in [
        scenario().config(|config| config.allow_upgrades(false)),
        scenario().config(|config| config.transports(Transports::POLLING)),
    ] {
        assert!(open(off).contains(r#""upgrades":[]"#));
    }
}

#[test]
fn open_packet_names_no_upgrade_if_the_driver_knows_that_none_comes_through() {
    let config = Arc::new(ServerConfig::default());
    let line = "GET /engine.io/?EIO=4&transport=polling";
    let Route::Open(mut opening) = route(&config, &request(line)) else { panic!("no handshake") };
    opening.withhold_upgrades();
    let sid = Sid::from_random([1; 16]);
    let mut session = Session::open(&config, opening, sid, ConnId(0), Instant::ZERO);
    let Some(Transmit::Respond(response)) = session.poll_transmit(ConnId(0)) else {
        panic!("no answer");
    };
    assert!(String::from_utf8_lossy(&response.body).contains(r#""upgrades":[]"#));
}

#[test]
fn refusal_of_a_connect_says_what_a_websocket_over_http2_needs() {
    for target in ["", "&sid=S"] {
        let line = format!("CONNECT /engine.io/?EIO=4&transport=websocket{target}");
        let refusal = match route(&ServerConfig::default(), &request(&line)) {
            Route::Refuse(refusal) => refusal,
            other => panic!("{line}: {other:?}"),
        };
        let cause = refusal.cause().to_string();
        assert!(cause.contains("`:protocol` `websocket`"), "{cause}");
    }
}

#[test]
fn path_is_whole_with_or_without_its_trailing_slash() {
    expect(
        &ServerConfig::default(),
        &[
            ("GET /engine.io?EIO=4&transport=polling", "open"),
            ("GET /engine.io/?EIO=4&transport=polling", "open"),
            ("GET /engine.iox?EIO=4&transport=polling", "foreign"),
            ("GET /engine.io/x?EIO=4&transport=polling", "foreign"),
            ("GET /engine.io//?EIO=4&transport=polling", "foreign"),
            ("GET //engine.io/?EIO=4&transport=polling", "foreign"),
            ("GET /x/engine.io/?EIO=4&transport=polling", "foreign"),
            ("GET /engine%2Eio/?EIO=4&transport=polling", "foreign"),
            ("GET /Engine.io/?EIO=4&transport=polling", "foreign"),
            ("GET /?EIO=4&transport=polling", "foreign"),
            ("OPTIONS *", "foreign"),
        ],
    );
}

#[test]
fn server_mounted_under_a_path_of_its_own_takes_every_path() {
    expect(
        &config(|config| config.every_path()),
        &[
            ("GET /?EIO=4&transport=polling", "open"),
            ("GET /anything/at/all?EIO=4&transport=polling", "open"),
        ],
    );
    expect(
        &config(|config| config.path("/a/b")),
        &[
            ("GET /a/b?EIO=4&transport=polling", "open"),
            ("GET /a/b/?EIO=4&transport=polling", "open"),
            ("GET /a?EIO=4&transport=polling", "foreign"),
        ],
    );
}

#[test]
fn methods_that_sessions_have_no_use_for_are_refused() {
    for method in ["PUT", "DELETE", "HEAD", "PATCH", "TRACE", "get"] {
        let line = format!("{method} /engine.io/?EIO=4&transport=polling");
        assert_eq!(routed(&ServerConfig::default(), &request(&line)), HANDSHAKE_METHOD);
        let line = format!("{line}&sid=S");
        let response = answer(&ServerConfig::default(), &request(&line));
        assert_eq!((response.status, response.body.len()), (405, 0), "{method}");
        assert_eq!(response.headers.get("allow"), Some("GET, POST, OPTIONS"));
    }
}

#[test]
fn empty_sid_is_none() {
    expect(
        &ServerConfig::default(),
        &[
            ("GET /engine.io/?EIO=4&transport=polling&sid=", "open"),
            ("GET /engine.io/?EIO=4&transport=polling&sid=a%2Db", "session a-b"),
        ],
    );
}

#[test]
fn jsonp_is_refused_unless_it_is_allowed() {
    expect(
        &ServerConfig::default(),
        &[
            ("GET /engine.io/?EIO=4&transport=polling&j=0", BAD_REQUEST),
            ("GET /engine.io/?EIO=3&transport=polling&j=1", BAD_REQUEST),
            ("GET /engine.io/?EIO=3&transport=polling&j=", BAD_REQUEST),
        ],
    );
    expect(
        &ServerConfig::builder().jsonp(true).build().unwrap(),
        &[
            ("GET /engine.io/?EIO=4&transport=polling&j=0", "open"),
            ("GET /engine.io/?EIO=3&transport=polling&j=", "open"),
        ],
    );
}

#[test]
fn cause_is_told_apart_and_kept_short() {
    let long = format!("GET /engine.io/?EIO=4&transport={}", "ä".repeat(1000));
    let Route::Refuse(refusal) = route(&ServerConfig::default(), &request(&long)) else {
        panic!("refused");
    };
    let RefusalCause::UnknownTransport(name) = refusal.cause() else { panic!("{refusal:?}") };
    assert_eq!(name.len(), 128);
    assert_eq!(refusal.code(), Some(0));
}

#[test]
fn application_refuses_with_a_status_and_a_body_of_its_own() {
    for (status, expected) in [(401, 401), (599, 599), (200, 403), (101, 403), (600, 403)] {
        let line = "GET /engine.io/?EIO=4&transport=polling";
        let Route::Open(opening) = route(&ServerConfig::default(), &request(line)) else {
            panic!("a handshake");
        };
        let response = opening.refuse(status, r#"{"why":"because"}"#).response();
        assert_eq!(response.status, expected);
        assert_eq!(&response.body[..], br#"{"why":"because"}"#);
        assert_eq!(response.headers.get("content-type"), Some("application/json"));
    }
}

#[test]
fn server_that_opens_no_session_now_says_when_to_come_back() {
    let line = "GET /engine.io/?EIO=4&transport=polling";
    let Route::Open(opening) = route(&ServerConfig::default(), &request(line)) else {
        panic!("a handshake");
    };
    for (why, body) in [
        (Unavailable::Overloaded, ""),
        (Unavailable::TooManyWaiting, ""),
        (Unavailable::Closing, ""),
        (Unavailable::NotAccepted, r#"{"message":"The application accepted no session in time"}"#),
    ] {
        let response = opening.clone().unavailable(why, 7).response();
        assert_eq!((response.status, response.headers.get("retry-after")), (503, Some("7")));
        assert_eq!(response.body, body, "{why:?}");
    }
}
