//! Polling for browsers that can ask another origin only by a script or a form.
//!
//! A poll is answered with a script that calls a function of the page with the payload, and a POST
//! is a form whose field `d` is the payload. The rules are the reference server's
//! (`transports/polling-jsonp.ts`).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use bytes::Bytes;

use crate::codec::{BinaryEncoding, ContentType, Payload};

/// How a client wants its polls to be answered, and how it writes its POSTs: fixed by the handshake.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) binary: BinaryEncoding,
    pub(super) jsonp: Option<Index>,
}

/// The place of the function in the page's array `___eio`. It has no characters but digits: it
/// stands in a script.
#[derive(Clone, Debug)]
pub(super) struct Index(String);

impl Index {
    /// Of the query's `j`, of which all that isn't a digit is left out.
    pub(super) fn of(j: &str) -> Self {
        Self(j.chars().filter(char::is_ascii_digit).take(MAX_DIGITS).collect())
    }
}

impl Style {
    /// The style of plain polling.
    pub(super) const fn plain(binary: BinaryEncoding) -> Self {
        Self { binary, jsonp: None }
    }

    /// The style of JSONP, which can't carry binary as it is.
    pub(super) const fn jsonp(index: Index) -> Self {
        Self { binary: BinaryEncoding::Base64, jsonp: Some(index) }
    }

    /// The body that answers a poll, and its type.
    pub(super) fn answer(&self, payload: Payload) -> (Bytes, &'static str) {
        match (&self.jsonp, payload.content_type) {
            (Some(index), _) => (script(index, &payload.body), "text/javascript; charset=UTF-8"),
            (None, ContentType::Text) => (payload.body, "text/plain; charset=UTF-8"),
            (None, ContentType::Binary) => (payload.body, "application/octet-stream"),
        }
    }

    /// The payload in the body of a POST.
    pub(super) fn payload(&self, body: Bytes, content_type: ContentType) -> Payload {
        match &self.jsonp {
            Some(_) => Payload { body: field(&body), content_type: ContentType::Text },
            None => Payload { body, content_type },
        }
    }
}

/// The script that hands the payload to the page.
fn script(Index(index): &Index, payload: &[u8]) -> Bytes {
    let literal = serde_json::Value::from(String::from_utf8_lossy(payload)).to_string();
    let mut script = String::with_capacity(literal.len() + index.len() + FRAME);
    script.push_str("___eio[");
    script.push_str(index);
    script.push_str("](");
    let mut rest = literal.as_str();
    // Both end a line in a script of before 2019, and none may in a literal.
    while let Some(at) = rest.find(|it| LINE_ENDS.contains(&it)) {
        let (before, end) = rest.split_at(at);
        script.push_str(before);
        script.push_str(if end.starts_with('\u{2028}') { "\\u2028" } else { "\\u2029" });
        rest = end.get('\u{2028}'.len_utf8()..).unwrap_or_default();
    }
    script.push_str(rest);
    script.push_str(");");
    script.into()
}

/// The payload in a form: its field `d`, without which it is empty.
fn field(form: &[u8]) -> Bytes {
    let field = form_urlencoded::parse(form).find(|(name, _)| name == "d");
    field.map(|(_, value)| unescape(value.as_bytes())).unwrap_or_default()
}

/// Browsers write line feeds in forms in their own way, so that clients write `\n` for a line feed
/// and `\\n` for `\n`.
fn unescape(mut escaped: &[u8]) -> Bytes {
    let mut plain = Vec::with_capacity(escaped.len());
    while let Some(at) = memchr::memchr(b'\\', escaped) {
        let (before, rest) = escaped.split_at(at);
        plain.extend_from_slice(before);
        let (text, length): (&[u8], usize) = match rest {
            [b'\\', b'\\', b'n', ..] => (b"\\n", 3),
            [b'\\', b'n', ..] => (b"\n", 2),
            _ => (b"\\", 1),
        };
        plain.extend_from_slice(text);
        escaped = rest.get(length..).unwrap_or_default();
    }
    plain.extend_from_slice(escaped);
    plain.into()
}

const LINE_ENDS: RangeInclusive<char> = '\u{2028}'..='\u{2029}';

/// Clients count their transports, which are few.
const MAX_DIGITS: usize = 10;

/// What stands around index and payload.
const FRAME: usize = "___eio[]();".len();
