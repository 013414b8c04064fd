//! Writes the head of an answer.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use engineio_proto::server::ConnectionFault;
use http::header::{self, HeaderMap};
use http::{Response, StatusCode};

/// Where the answer ends, and whether another can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Framing {
    /// The length of the body to tell, in bytes.
    pub(crate) length: Option<usize>,
    /// Whether the connection ends with it.
    pub(crate) closes: bool,
}

/// The answer to `Expect: 100-continue`.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The head of an answer, with room for as many bytes of its body.
pub(crate) fn response<B>(response: &Response<B>, framing: Framing, room: usize) -> Vec<u8> {
    let mut head = begin(response.status(), room);
    write_headers(&mut head, response.headers());
    let Framing { length, closes } = framing;
    if let Some(length) = length {
        head.extend_from_slice(b"content-length: ");
        head.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    if closes {
        head.extend_from_slice(b"connection: close\r\n");
    }
    end(head, response.headers())
}

/// The head of the answer to a request for a WebSocket.
pub(crate) fn switching_protocols(response: &Response<()>) -> Vec<u8> {
    let mut head = begin(response.status(), 0);
    write_headers(&mut head, response.headers());
    head.extend_from_slice(b"connection: Upgrade\r\n");
    end(head, response.headers())
}

/// The whole answer to a head that is turned away, which ends the connection.
pub(crate) fn refusal(fault: ConnectionFault) -> Vec<u8> {
    let mut empty = Response::new(());
    *empty.status_mut() = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::BAD_REQUEST);
    response(&empty, Framing { length: Some(0), closes: true }, 0)
}

/// Writes all headers but those that are written here.
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

fn begin(status: StatusCode, room: usize) -> Vec<u8> {
    let mut head = Vec::with_capacity(MOST_HEADS.saturating_add(room));
    head.extend_from_slice(b"HTTP/1.1 ");
    head.extend_from_slice(status.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    head.extend_from_slice(b"\r\n");
    head
}

/// Ends a head of these headers. It has a date, the application's or this one.
fn end(mut head: Vec<u8>, headers: &HeaderMap) -> Vec<u8> {
    if !headers.contains_key(header::DATE) {
        with_date(|date| write_header(&mut head, "date", date));
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Gives the date of now, which a thread formats once a second.
fn with_date(give: impl FnOnce(&[u8])) {
    thread_local! {
        static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|(last, date)| {
        if *last != second || date.is_empty() {
            *date = httpdate::fmt_http_date(now);
            *last = second;
        }
        give(date.as_bytes());
    });
}

/// Enough for most heads.
const MOST_HEADS: usize = 256;
