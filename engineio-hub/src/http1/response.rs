//! Writes the head of an answer.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use engineio_proto::Headers;
use engineio_proto::server::ConnectionFault;
use http::header::{self, HeaderMap};
use http::{Response, StatusCode};

use crate::upgrade::Switch;

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

/// The answer to a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Of the hub, or of a session.
    Ours(engineio_proto::Response),
    /// Of the application.
    Theirs(Box<Response<Bytes>>),
}

impl Answer {
    /// An answer without headers and body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        let (status, headers, body) = (status.as_u16(), Headers::new(), Bytes::new());
        Self::Ours(engineio_proto::Response { status, headers, body, coding: None })
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Ours(response) => status(response.status),
            Self::Theirs(response) => response.status(),
        }
    }

    pub(crate) fn body(&self) -> &Bytes {
        match self {
            Self::Ours(response) => &response.body,
            Self::Theirs(response) => response.body(),
        }
    }

    pub(crate) fn into_body(self) -> Bytes {
        match self {
            Self::Ours(response) => response.body,
            Self::Theirs(response) => response.into_body(),
        }
    }

    /// The length that its headers tell.
    pub(crate) fn told_length(&self) -> Option<usize> {
        match self {
            Self::Ours(_) => None,
            Self::Theirs(response) => {
                let length = response.headers().get(header::CONTENT_LENGTH)?;
                length.to_str().ok()?.parse().ok()
            }
        }
    }

    /// Its head, with room for as many bytes of its body.
    pub(crate) fn head(&self, framing: Framing, room: usize) -> Vec<u8> {
        let mut head = HeadWriter::new(self.status(), room);
        match self {
            Self::Ours(response) => {
                let is_coding = |name: &str| name.eq_ignore_ascii_case("content-encoding");
                for (name, value) in response.headers.iter() {
                    if !(response.coding.is_some() && is_coding(name)) {
                        head.header(name, value.as_bytes());
                    }
                }
                if let Some(coding) = response.coding {
                    head.own("content-encoding", coding.name().as_bytes());
                }
            }
            Self::Theirs(response) => head.headers(response.headers()),
        }
        head.end(framing)
    }
}

/// The head of the answer to a request for a WebSocket.
pub(crate) fn switching_protocols(switch: &Switch) -> Vec<u8> {
    let mut head = HeadWriter::new(StatusCode::SWITCHING_PROTOCOLS, 0);
    for (name, value) in switch.headers() {
        head.header(name, value);
    }
    head.own("connection", b"Upgrade");
    head.end(Framing { length: None, closes: false })
}

/// The whole answer to a head that is turned away, which ends the connection.
pub(crate) fn refusal(fault: ConnectionFault) -> Vec<u8> {
    let head = HeadWriter::new(status(fault.status()), 0);
    head.end(Framing { length: Some(0), closes: true })
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

/// A head while it is written.
struct HeadWriter {
    head: Vec<u8>,
    has_date: bool,
}

impl HeadWriter {
    fn new(status: StatusCode, room: usize) -> Self {
        let mut head = Vec::with_capacity(MOST_HEADS.saturating_add(room));
        head.extend_from_slice(b"HTTP/1.1 ");
        head.extend_from_slice(status.as_str().as_bytes());
        head.push(b' ');
        head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        head.extend_from_slice(b"\r\n");
        Self { head, has_date: false }
    }

    fn headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            self.header(name.as_str(), value.as_bytes());
        }
    }

    /// Writes a header, unless it is one that says how the connection goes on.
    fn header(&mut self, name: &str, value: &[u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("connection") || is("content-length") || is("transfer-encoding") {
            return;
        }
        self.has_date |= is("date");
        self.own(name, value);
    }

    fn own(&mut self, name: &str, value: &[u8]) {
        let Self { head, .. } = self;
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }

    /// The head with what is written here: among that a date, unless the application has one.
    fn end(mut self, framing: Framing) -> Vec<u8> {
        let Framing { length, closes } = framing;
        if let Some(length) = length {
            self.own("content-length", itoa::Buffer::new().format(length).as_bytes());
        }
        if closes {
            self.own("connection", b"close");
        }
        if !self.has_date {
            with_date_line(|line| self.head.extend_from_slice(line));
        }
        self.head.extend_from_slice(b"\r\n");
        self.head
    }
}

/// Gives the header with the date of now, which a thread formats once a second.
fn with_date_line(give: impl FnOnce(&[u8])) {
    thread_local! {
        static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|(last, line)| {
        if *last != second || line.is_empty() {
            *line = format!("date: {}\r\n", httpdate::fmt_http_date(now));
            *last = second;
        }
        give(line.as_bytes());
    });
}

/// Enough for most heads.
const MOST_HEADS: usize = 256;
