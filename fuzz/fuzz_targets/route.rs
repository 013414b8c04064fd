// No panic; foreign is exactly what has another path, and costs no allocation; a refusal's body is
// one of the six errors of the reference or empty; no answer has a header that HTTP can't carry.
#![no_main]

use engineio_proto::ConnId;
use engineio_proto::server::{Route, Session, Transmit, route};
use engineio_proto::{
    Cookie, Cors, Headers, Instant, Request, Response, Revisions, ServerConfig, Sid, Transports,
};
use heap::{Counting, cost};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// Two bytes of settings, then the request line by line: see `request`.
fuzz_target!(|input: &[u8]| {
    let Some((&[first, second], lines)) = input.split_first_chunk() else { return };
    let config = config(u16::from_le_bytes([first, second]));
    let Some(request) = request(first & 1 > 0, lines) else { return };

    let (routed, cost) = cost(|| route(&config, &request));
    let path = request.target.split('?').next().unwrap_or_default();
    let is_ours = config.path().is_none() || matches!(path, "/engine.io" | "/engine.io/");
    assert_eq!(is_ours, !matches!(routed, Route::Foreign));
    match routed {
        Route::Foreign => assert_eq!(cost.allocations, 0),
        Route::Answer(response) => check_headers(&response.headers),
        Route::Refuse(refusal) => check_refusal(&refusal.response()),
        Route::Session { sid, exchange } => {
            assert!(!sid.is_empty());
            check_refusal(&exchange.unknown_session().response());
        }
        Route::Open(opening) => {
            let sid = Sid::from_random([7; 16]);
            let mut session = Session::open(&config.into(), opening, sid, ConnId(0), Instant::ZERO);
            match session.poll_transmit(ConnId(0)) {
                Some(Transmit::Respond(response)) => check_headers(&response.headers),
                Some(Transmit::Upgrade(headers)) => check_headers(&headers),
                other => panic!("no answer to a handshake: {other:?}"),
            }
        }
    }
});

/// An empty line is an absent header.
fn request(upgrade: bool, lines: &[u8]) -> Option<Request<'_>> {
    let mut lines = lines.split(|byte| *byte == b'\n');
    let method = core::str::from_utf8(lines.next()?).ok()?;
    let target = core::str::from_utf8(lines.next()?).ok()?;
    let origin = lines.next().filter(|line| !line.is_empty());
    let mut header =
        || lines.next().and_then(|it| core::str::from_utf8(it).ok()).filter(|it| !it.is_empty());
    Some(Request {
        ambiguity: None,
        method,
        target,
        upgrade,
        origin,
        host: header(),
        content_type: header(),
        accept_encoding: header(),
        sec_websocket_protocol: header(),
        access_control_request_method: header(),
        access_control_request_headers: header(),
        is_http_1_0: header().is_some(),
    })
}

fn config(bits: u16) -> ServerConfig {
    let bit = |place: u16| bits >> place & 1 > 0;
    let cors = match bits >> 1 & 7 {
        0 => Cors::Any,
        1 => Cors::Off,
        2 => Cors::List(vec!["http://a.test".into(), "null".into()]),
        3 => Cors::check(|origin| origin.len() % 2 == 0),
        _ => Cors::SameOrigin,
    };
    let mut builder = ServerConfig::builder()
        .cors_credentials(bit(4) && !matches!(cors, Cors::Any))
        .cors(cors)
        .allow_upgrades(!bit(5))
        .cookie(bit(6).then(|| Cookie::new("io")))
        .compression_threshold((!bit(7)).then_some(1));
    if bit(8) {
        builder = builder.every_path();
    }
    if bit(9) {
        builder = builder.transports(Transports::POLLING);
    }
    if bit(10) {
        builder = builder.transports(Transports::WEBSOCKET);
    }
    if bit(11) {
        builder = builder.revisions(Revisions::V4);
    }
    builder.build().expect("a legal configuration")
}

fn check_headers(headers: &Headers) {
    let mut checked = Headers::new();
    for (name, value) in headers.iter() {
        assert!(checked.try_push(name, value).is_ok(), "{name}: {value:?}");
    }
}

fn check_refusal(response: &Response) {
    check_headers(&response.headers);
    if response.body.is_empty() {
        return assert!(matches!(response.status, 400 | 405 | 503));
    }
    let mut body: Value = serde_json::from_slice(&response.body).expect("JSON");
    if body["code"] == 4 {
        let message = body["message"].take();
        let message = message.as_str().expect("a text");
        assert!(message.starts_with("Forbidden: origin "));
        return assert_eq!(
            (response.status, message.contains(" is not allowed at host ")),
            (403, true)
        );
    }
    if body["message"].as_str().is_some_and(|it| it.contains("HTTP/1.0")) {
        return assert_eq!((response.status, body["code"].as_u64()), (400, Some(3)));
    }
    let messages = [
        "Transport unknown",
        "Session ID unknown",
        "Bad handshake method",
        "Bad request",
        "",
        "Unsupported protocol version",
    ];
    let code = body["code"].as_u64().expect("a code") as usize;
    assert_eq!(body, json!({ "code": code, "message": messages[code] }));
    assert_eq!(response.status, 400);
}
