//! Refusals of requests.

use alloc::format;
use alloc::string::String;

use bytes::Bytes;
use bytestring::ByteString;

use crate::http::{Headers, Response};

/// A refused request: the cause for logs and metrics, and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    cause: RefusalCause,
    headers: Headers,
}

/// The cause of a refusal. Texts from the request are cut at 128 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalCause {
    /// `transport` is missing, unknown or off: code 0.
    UnknownTransport(ByteString),
    /// There is no session of this `sid`: code 1.
    UnknownSession,
    /// A request without `sid` that isn't a GET: code 2.
    HandshakeMethod(ByteString),
    /// `Origin` isn't text: code 3.
    InvalidOrigin,
    /// `transport` doesn't fit the way in which the request came, or the transport
    /// that the session is on: code 3.
    TransportMismatch,
    /// `EIO` isn't the session's: code 3.
    RevisionMismatch,
    /// A WebSocket for a session, where upgrades are off: code 3.
    UpgradeNotAllowed,
    /// The handshake asks for JSONP: code 3.
    Jsonp,
    /// The origin isn't served: code 4.
    Origin {
        /// The page's.
        origin: ByteString,
        /// The host that the request was sent to.
        host: ByteString,
    },
    /// `EIO` is unknown or off: code 5. Empty if it is missing, which stands for revision 3.
    UnsupportedRevision(ByteString),
    /// A method that sessions have no use for: 405.
    Method,
    /// The WebSocket handshake itself is broken: 400.
    WebSocketHandshake,
    /// A WebSocket was asked for over HTTP/1.0, where there is none: a proxy in front speaks it
    /// to this server. For nginx, set `proxy_http_version 1.1`, and pass `Upgrade` and
    /// `Connection` on. Code 3.
    WebSocketOverHttp10,
    /// The application said no.
    Application {
        /// The status it chose.
        status: u16,
        /// The body it chose, JSON.
        body: Bytes,
    },
    /// Too many sessions or waiting handshakes, no word from the application in
    /// time, or the server is closing: 503. Holds the seconds of `Retry-After`.
    Overloaded(u64),
}

impl Refusal {
    pub(crate) const fn new(cause: RefusalCause, headers: Headers) -> Self {
        Self { cause, headers }
    }

    /// The application's refusal, with a status from 400 to 599 (others become 403) and a body
    /// of JSON. It says nothing of the request yet:
    /// [`Opening::refuse_with`](super::Opening::refuse_with) makes it the answer to one.
    pub fn application(status: u16, body: impl Into<Bytes>) -> Self {
        let status = if (400..=599).contains(&status) { status } else { 403 };
        Self::new(RefusalCause::Application { status, body: body.into() }, Headers::new())
    }

    /// The application's refusal with this message, as the reference server writes it:
    /// `{"code":4,"message":".."}`.
    pub fn json(status: u16, message: &str) -> Self {
        Self::application(status, body(4, message))
    }

    /// The same refusal, for the request that these headers are for.
    pub(super) fn with_headers(self, headers: Headers) -> Self {
        Self { headers, ..self }
    }

    /// The cause of the refusal.
    pub const fn cause(&self) -> &RefusalCause {
        &self.cause
    }

    /// The reference server's error code, where it has one.
    pub const fn code(&self) -> Option<u8> {
        match &self.cause {
            RefusalCause::UnknownTransport(_) => Some(0),
            RefusalCause::UnknownSession => Some(1),
            RefusalCause::HandshakeMethod(_) => Some(2),
            RefusalCause::InvalidOrigin
            | RefusalCause::TransportMismatch
            | RefusalCause::RevisionMismatch
            | RefusalCause::UpgradeNotAllowed
            | RefusalCause::WebSocketOverHttp10
            | RefusalCause::Jsonp => Some(3),
            RefusalCause::Origin { .. } => Some(4),
            RefusalCause::UnsupportedRevision(_) => Some(5),
            RefusalCause::Method
            | RefusalCause::WebSocketHandshake
            | RefusalCause::Application { .. }
            | RefusalCause::Overloaded(_) => None,
        }
    }

    /// The answer. Where the reference server has a code for the cause, it is the same byte for
    /// byte.
    pub fn response(self) -> Response {
        let code = self.code();
        // Some statuses may be kept by caches unasked (RFC 9110, section 15.1).
        let mut headers = self.headers.uncached();
        let message = match self.cause {
            RefusalCause::UnknownTransport(_) => "Transport unknown".into(),
            RefusalCause::UnknownSession => "Session ID unknown".into(),
            RefusalCause::HandshakeMethod(_) => "Bad handshake method".into(),
            RefusalCause::InvalidOrigin
            | RefusalCause::TransportMismatch
            | RefusalCause::RevisionMismatch
            | RefusalCause::UpgradeNotAllowed
            | RefusalCause::Jsonp => "Bad request".into(),
            RefusalCause::Origin { origin, host } => {
                format!("Forbidden: origin {origin} is not allowed at host {host}")
            }
            RefusalCause::UnsupportedRevision(_) => "Unsupported protocol version".into(),
            RefusalCause::WebSocketOverHttp10 => OVER_HTTP_1_0.into(),
            RefusalCause::Method => {
                headers.push("allow", ByteString::from_static("GET, POST, OPTIONS"));
                return Response::empty(405, headers);
            }
            RefusalCause::WebSocketHandshake => {
                headers.push("sec-websocket-version", ByteString::from_static("13"));
                return Response::empty(400, headers);
            }
            RefusalCause::Application { status, body } => {
                return Response::with_body(status, headers, JSON, body);
            }
            RefusalCause::Overloaded(seconds) => {
                headers.push("retry-after", format!("{seconds}"));
                return Response::empty(503, headers);
            }
        };
        let status = if code == Some(4) { 403 } else { 400 };
        Response::with_body(status, headers, JSON, body(code.unwrap_or(3), &message))
    }
}

const JSON: &str = "application/json";

const OVER_HTTP_1_0: &str = "Bad request: a WebSocket needs HTTP/1.1, and this request came over \
    HTTP/1.0 from a proxy; in nginx, set proxy_http_version 1.1 and pass the headers Upgrade and \
    Connection on";

/// `{"code":1,"message":"Session ID unknown"}`
fn body(code: u8, message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!("{{\"code\":{code},\"message\":{message}}}")
}

/// A text of the request, kept short for the logs.
pub(super) fn excerpt(text: &str) -> ByteString {
    const MOST: usize = 128;
    let end = (0..=MOST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or("").into()
}
