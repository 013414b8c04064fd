//! Writes the head of an answer.

use std::io::Write;
use std::time::SystemTime;

use engineio_proto::server::ConnectionFault;
use http::header::{self, HeaderMap};
use http::{Response, StatusCode};

/// Where the answer ends, and whether another can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Framing {
    /// The length of the body, in bytes.
    pub(crate) length: usize,
    /// Whether the connection ends with it.
    pub(crate) closes: bool,
}

/// The answer to `Expect: 100-continue`.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The head of an answer.
pub(crate) fn response<B>(response: &Response<B>, framing: Framing) -> Vec<u8> {
    let mut head = begin(response.status());
    write_headers(&mut head, response.headers());
    let Framing { length, closes } = framing;
    // Without a body by definition (RFC 9110, section 8.6).
    if response.status() != StatusCode::NO_CONTENT {
        let _ = write!(head, "content-length: {length}\r\n");
    }
    if closes {
        head.extend_from_slice(b"connection: close\r\n");
    }
    end(head)
}

/// The head of the answer to a request for a WebSocket.
pub(crate) fn switching_protocols(response: &Response<()>) -> Vec<u8> {
    let mut head = begin(response.status());
    for (name, value) in response.headers() {
        write_header(&mut head, name.as_str(), value.as_bytes());
    }
    end(head)
}

/// The whole answer to a head that is turned away, which ends the connection.
pub(crate) fn refusal(fault: ConnectionFault) -> Vec<u8> {
    let mut empty = Response::new(());
    *empty.status_mut() = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::BAD_REQUEST);
    response(&empty, Framing { length: 0, closes: true })
}

/// Writes all headers but those that belong to the connection.
fn write_headers(head: &mut Vec<u8>, headers: &HeaderMap) {
    let own = [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    for (name, value) in headers.iter().filter(|(name, _)| !own.contains(name)) {
        write_header(head, name.as_str(), value.as_bytes());
    }
}

fn write_header(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

fn begin(status: StatusCode) -> Vec<u8> {
    // Enough for most heads.
    let mut head = Vec::with_capacity(256);
    let reason = status.canonical_reason().unwrap_or_default();
    let _ = write!(head, "HTTP/1.1 {} {reason}\r\n", status.as_u16());
    head
}

fn end(mut head: Vec<u8>) -> Vec<u8> {
    let date = httpdate::HttpDate::from(SystemTime::now());
    let _ = write!(head, "date: {date}\r\n\r\n");
    head
}
