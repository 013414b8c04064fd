//! Refusals of requests: who is turned away, and with which answer.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use super::cause::RefusalCause;
use super::connection_fault::ConnectionFault;
use crate::excerpt::Hidden;
use crate::http::{Headers, Response};

/// A refused request: the cause for logs and metrics, and the answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Boxed, since a refusal is the error of logins.
    cause: Box<RefusalCause>,
    headers: Headers,
    /// The application's.
    body: Bytes,
}

impl Refusal {
    pub(crate) fn new(cause: RefusalCause, headers: Headers) -> Self {
        Self { cause: cause.into(), headers, body: Bytes::new() }
    }

    /// The application's refusal, with a status from 400 to 599 (others become 403) and a body
    /// of JSON. It says nothing of the request yet:
    /// [`Opening::refuse_with`](super::Opening::refuse_with) makes it the answer to one.
    pub fn application(status: u16, body: impl Into<Bytes>) -> Self {
        let status = if (400..=599).contains(&status) { status } else { 403 };
        let refusal = Self::new(RefusalCause::Application { status }, Headers::new());
        Self { body: body.into(), ..refusal }
    }

    /// The application's refusal with this message, as the reference server writes it:
    /// `{"code":4,"message":".."}`.
    pub fn json(status: u16, message: &str) -> Self {
        Self::application(status, coded(4, message))
    }

    /// The refusal of a connection, before a request of it is understood.
    pub fn connection(fault: ConnectionFault) -> Self {
        Self::new(RefusalCause::Connection(fault), Headers::new())
    }

    /// The same refusal, for the request that these headers are for.
    pub(super) fn with_headers(self, headers: Headers) -> Self {
        Self { headers, ..self }
    }

    /// The cause of the refusal.
    pub fn cause(&self) -> &RefusalCause {
        &self.cause
    }

    /// The reference server's error code, where it has one.
    pub fn code(&self) -> Option<u8> {
        match self.cause() {
            RefusalCause::UnknownTransport(_) => Some(0),
            RefusalCause::UnknownSession | RefusalCause::UnreachableNode(_) => Some(1),
            RefusalCause::HandshakeMethod(_) => Some(2),
            RefusalCause::InvalidOrigin
            | RefusalCause::TransportMismatch
            | RefusalCause::UpgradeMissing
            | RefusalCause::RevisionMismatch
            | RefusalCause::UpgradeNotAllowed
            | RefusalCause::WebSocketOverHttp10
            | RefusalCause::Jsonp => Some(3),
            RefusalCause::Origin { .. } => Some(4),
            RefusalCause::UnsupportedRevision(_) => Some(5),
            RefusalCause::Path { .. }
            | RefusalCause::Ambiguous(_)
            | RefusalCause::Method(_)
            | RefusalCause::WebSocketHandshake
            | RefusalCause::NoUpgrade
            | RefusalCause::Violation(_)
            | RefusalCause::Unread
            | RefusalCause::Memory(_)
            | RefusalCause::Unfinished
            | RefusalCause::SecondWebSocket
            | RefusalCause::ProbeFailed(_)
            | RefusalCause::Application { .. }
            | RefusalCause::NotAccepted(_)
            | RefusalCause::TooManyWaiting(_)
            | RefusalCause::Overloaded(_)
            | RefusalCause::TooManyFromAddress(_)
            | RefusalCause::TooFast(_)
            | RefusalCause::Closing(_)
            | RefusalCause::LostNode(_)
            | RefusalCause::TooManyForwards(_)
            | RefusalCause::Connection(_) => None,
        }
    }

    /// The answer. Where the reference server has a code for the cause, it is the same byte for
    /// byte.
    ///
    /// A [second WebSocket](RefusalCause::SecondWebSocket) and a
    /// [failed probe](RefusalCause::ProbeFailed) get a close frame instead.
    pub fn response(self) -> Response {
        let code = self.code();
        // Some statuses may be kept by caches unasked (RFC 9110, section 15.1).
        let mut headers = self.headers.uncached();
        let message = match *self.cause {
            RefusalCause::UnknownTransport(_) => "Transport unknown".into(),
            RefusalCause::UnknownSession | RefusalCause::UnreachableNode(_) => {
                "Session ID unknown".into()
            }
            RefusalCause::HandshakeMethod(_) => "Bad handshake method".into(),
            RefusalCause::InvalidOrigin
            | RefusalCause::TransportMismatch
            | RefusalCause::UpgradeMissing
            | RefusalCause::RevisionMismatch
            | RefusalCause::UpgradeNotAllowed
            | RefusalCause::Jsonp => "Bad request".into(),
            RefusalCause::Origin { origin, host, .. } => {
                format!("Forbidden: origin {origin} is not allowed at host {host}")
            }
            RefusalCause::UnsupportedRevision(_) => "Unsupported protocol version".into(),
            RefusalCause::WebSocketOverHttp10 => OVER_HTTP_1_0.into(),
            RefusalCause::Path { asked, served } => {
                let body = plain(&format!("Not found: {asked}. Engine.IO is served at {served}"));
                return Response::with_body(404, headers, JSON, body);
            }
            RefusalCause::Ambiguous(_) => {
                // A proxy in front may see the next request at another place.
                headers.push("connection", ByteString::from_static("close"));
                return Response::empty(400, headers);
            }
            RefusalCause::Method(_) => {
                headers.push("allow", ByteString::from_static("GET, POST, OPTIONS"));
                return Response::empty(405, headers);
            }
            RefusalCause::WebSocketHandshake => {
                headers.push("sec-websocket-version", ByteString::from_static("13"));
                return Response::empty(400, headers);
            }
            RefusalCause::NoUpgrade => {
                let body = plain(NO_UPGRADE);
                return Response::with_body(500, headers, JSON, body);
            }
            RefusalCause::Violation(violation) => {
                return Response::empty(violation.status(), headers);
            }
            RefusalCause::Connection(fault) => return Response::empty(fault.status(), headers),
            RefusalCause::Unread => return Response::empty(503, headers),
            RefusalCause::LostNode(_) => return Response::empty(502, headers),
            RefusalCause::Unfinished
            | RefusalCause::SecondWebSocket
            | RefusalCause::ProbeFailed(_) => return Response::empty(400, headers),
            RefusalCause::Application { status } => {
                return Response::with_body(status, headers, JSON, self.body);
            }
            RefusalCause::NotAccepted(seconds) => {
                headers.push("retry-after", format!("{seconds}"));
                let body = plain("The application accepted no session in time");
                return Response::with_body(503, headers, JSON, body);
            }
            RefusalCause::TooManyWaiting(seconds)
            | RefusalCause::Memory(seconds)
            | RefusalCause::Overloaded(seconds)
            | RefusalCause::TooManyFromAddress(seconds)
            | RefusalCause::TooFast(seconds)
            | RefusalCause::TooManyForwards(seconds)
            | RefusalCause::Closing(seconds) => {
                headers.push("retry-after", format!("{seconds}"));
                return Response::empty(503, headers);
            }
        };
        let status = if code == Some(4) { 403 } else { 400 };
        Response::with_body(status, headers, JSON, coded(code.unwrap_or(3), &message))
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("cause", &self.cause)
            .field("headers", &self.headers)
            .field("body", &Hidden(self.body.len()))
            .finish()
    }
}

const JSON: &str = "application/json";

const NO_UPGRADE: &str = "WebSockets don't reach Engine.IO on this server: the framework that \
    serves it passes no upgrade on; use polling";

const OVER_HTTP_1_0: &str = "Bad request: a WebSocket needs HTTP/1.1, and this request came over \
    HTTP/1.0 from a proxy; in nginx, set proxy_http_version 1.1 and pass the headers Upgrade and \
    Connection on";

/// `{"code":1,"message":"Session ID unknown"}`
fn coded(code: u8, message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!("{{\"code\":{code},\"message\":{message}}}")
}

/// `{"message":".."}`, where the reference server has no code.
fn plain(message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!("{{\"message\":{message}}}")
}
