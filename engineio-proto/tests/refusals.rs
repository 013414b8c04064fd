//! Refusals that an application makes before it knows which handshake they answer.

use engineio_proto::server::{Opening, Refusal, RefusalCause, Route, route};
use engineio_proto::{Cors, Request, Response, ServerConfig};

fn opening() -> Opening {
    let config = ServerConfig::builder().cors(Cors::check(|_| true)).build().expect("legal");
    let request = Request {
        method: "GET",
        target: "/engine.io/?EIO=4&transport=polling",
        origin: Some(b"https://there.test"),
        ..Request::default()
    };
    let Route::Open(opening) = route(&config, &request) else { panic!("a handshake") };
    opening
}

fn answer(refusal: Refusal) -> Response {
    opening().refuse_with(refusal).response()
}

#[test]
fn message_is_written_as_the_reference_server_writes_it() {
    let response = answer(Refusal::json(401, "wrong \"token\""));
    assert_eq!(response.status, 401);
    assert_eq!(response.headers.get("content-type"), Some("application/json"));
    assert_eq!(response.body, r#"{"code":4,"message":"wrong \"token\""}"#);
}

#[test]
fn body_is_sent_as_it_is() {
    let response = answer(Refusal::application(402, r#"{"pay":true}"#));
    assert_eq!((response.status, &response.body[..]), (402, &br#"{"pay":true}"#[..]));
}

#[test]
fn status_that_is_no_error_becomes_403() {
    for status in [0, 200, 301, 399, 600] {
        assert_eq!(answer(Refusal::json(status, "no")).status, 403, "{status}");
    }
    for status in [400, 599] {
        assert_eq!(answer(Refusal::json(status, "no")).status, status);
    }
}

#[test]
fn handshake_adds_its_headers_so_that_the_page_can_read_the_answer() {
    let response = answer(Refusal::json(401, "no"));
    let allowed = response.headers.get("access-control-allow-origin");
    assert_eq!(allowed, Some("https://there.test"));
    assert_eq!(response.headers.get("cache-control"), Some("no-store"));
}

#[test]
fn cause_is_the_application() {
    let refusal = opening().refuse_with(Refusal::json(401, "no"));
    assert!(matches!(refusal.cause(), RefusalCause::Application { status: 401, .. }));
    assert_eq!(refusal.code(), None);
}
