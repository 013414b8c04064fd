//! One request, and where it belongs.

use engineio_proto::server::{Exchange, Opening, Refusal, Route, route};
use engineio_proto::{Request, Response, ServerConfig};

/// A request in one string: `GET /engine.io/?EIO=4`, with `ws` behind it if it asks
/// for a WebSocket.
pub(crate) fn request(line: &str) -> Request<'_> {
    let mut words = line.split(' ');
    let method = words.next().expect("a method");
    let target = words.next().expect("a target");
    Request { method, target, upgrade: words.next() == Some("ws"), ..Request::default() }
}

/// What `route` makes of it: `foreign`, `answer 204`, `open`, `session S`, or status
/// and body of a refusal.
pub(crate) fn routed(config: &ServerConfig, request: &Request<'_>) -> String {
    match route(config, request) {
        Route::Foreign => "foreign".to_owned(),
        Route::Answer(response) => format!("answer {}", response.status),
        Route::Refuse(refusal) => refused(refusal),
        Route::Open(_) => "open".to_owned(),
        Route::Session { sid, .. } => format!("session {sid}"),
    }
}

/// The answer to a request that is refused or is a preflight.
pub(crate) fn answer(config: &ServerConfig, request: &Request<'_>) -> Response {
    match route(config, request) {
        Route::Refuse(refusal) => refusal.response(),
        Route::Answer(response) => response,
        other => panic!("not refused: {other:?}"),
    }
}

/// Routes a handshake that has to succeed.
pub(crate) fn opening(config: &ServerConfig, request: &Request<'_>) -> Opening {
    match route(config, request) {
        Route::Open(opening) => opening,
        other => panic!("not a handshake: {other:?}"),
    }
}

/// Routes a request of a session.
pub(crate) fn exchange(config: &ServerConfig, request: &Request<'_>) -> Exchange {
    match route(config, request) {
        Route::Session { exchange, .. } => exchange,
        other => panic!("not a request of a session: {other:?}"),
    }
}

fn refused(refusal: Refusal) -> String {
    let response = refusal.response();
    format!("{} {}", response.status, String::from_utf8_lossy(&response.body)).trim_end().to_owned()
}
