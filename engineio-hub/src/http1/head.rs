//! The head of a request.

use std::mem::MaybeUninit;

use bytes::{Buf, Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Uri, Version};
use httparse::Status;
use memchr::memchr;

use super::{Body, Fault};
use crate::listener::{MAX_HEAD, MAX_HEADERS};

/// A request without its body.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a head has nothing else")]
pub struct Head {
    /// Method, target and headers.
    pub parts: Parts,
    /// The body that follows.
    pub body: Body,
    /// Whether the connection can be used again. In HTTP/1.0 it never is: such clients don't need
    /// it.
    pub is_kept_alive: bool,
    /// Whether the client waits for a `100 Continue` before it sends the body.
    pub expects_continue: bool,
}

/// Finds the heads of requests, one after the other.
#[derive(Debug, Default)]
pub struct HeadReader {
    /// How much of the input was searched for the end of a head that comes byte by byte.
    seen: usize,
    /// How many empty lines came before the head.
    empty_lines: usize,
}

impl HeadReader {
    /// Takes the head of a request out of `input`, once all of it has come.
    ///
    /// # Errors
    ///
    /// If the head is malformed or too long. Nothing that follows can be understood.
    pub fn take(&mut self, input: &mut BytesMut) -> Result<Option<Head>, Fault> {
        self.skip_empty_lines(input)?;
        let Some(len) = self.find_end(input)? else { return Ok(None) };
        *self = Self::default();
        // Copied, so that whoever keeps a header keeps no more than the head.
        let head = Bytes::copy_from_slice(input.get(..len).unwrap_or_default());
        input.advance(len);
        parse(&head).map(Some)
    }

    /// The length of the head, up to the empty line.
    fn find_end(&mut self, input: &[u8]) -> Result<Option<usize>, Fault> {
        // TLS without end isn't waited for.
        if input.first().is_some_and(|byte| !byte.is_ascii_graphic() && *byte != b'\r') {
            return Err(Fault::Malformed);
        }
        let most = input.get(..MAX_HEAD).unwrap_or(input);
        while let Some(at) = memchr(b'\n', most.get(self.seen..).unwrap_or_default()) {
            let line_feed = self.seen.saturating_add(at);
            let lines = most.get(..=line_feed).unwrap_or_default();
            if lines.ends_with(b"\r\n\r\n") {
                return Ok(Some(lines.len()));
            }
            // httparse takes a bare line feed for a line end. Other servers don't.
            if !lines.ends_with(b"\r\n") {
                return Err(Fault::Malformed);
            }
            self.seen = lines.len();
        }
        self.seen = most.len();
        if most.len() < MAX_HEAD { Ok(None) } else { Err(Fault::HeadTooLarge) }
    }

    /// Skips the empty line that some clients send after a body (RFC 9112, section 2.2).
    ///
    /// # Errors
    ///
    /// If there are too many since the last head.
    pub(crate) fn skip_empty_lines(&mut self, input: &mut BytesMut) -> Result<(), Fault> {
        while input.starts_with(b"\r\n") {
            self.empty_lines = self.empty_lines.saturating_add(1);
            if self.empty_lines > MAX_EMPTY_LINES {
                return Err(Fault::Malformed);
            }
            input.advance(2);
            self.seen = 0;
        }
        Ok(())
    }
}

fn parse(bytes: &Bytes) -> Result<Head, Fault> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut []);
    match parsed.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(len)) if len == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Fault::HeadTooLarge),
        Ok(_) | Err(_) => return Err(Fault::Malformed),
    }
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.version = if parsed.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    parts.method = legal(parsed.method.unwrap_or_default().parse::<Method>())?;
    let path = parsed.path.unwrap_or_default();
    parts.uri = legal(Uri::from_maybe_shared(bytes.slice_ref(path.as_bytes())))?;
    parts.headers.reserve(parsed.headers.len());
    let mut special = Special::default();
    for line in parsed.headers {
        let name = legal(HeaderName::from_bytes(line.name.as_bytes()))?;
        special.note(&name);
        let value = legal(HeaderValue::from_maybe_shared(bytes.slice_ref(line.value)))?;
        parts.headers.append(name, value);
    }
    let is_current = parts.version == Version::HTTP_11;
    if special.hosts > 1 || (special.hosts == 0 && is_current) {
        return Err(Fault::Malformed);
    }
    let mentions = |name, entry| mentions(&parts.headers, name, entry);
    Ok(Head {
        body: if special.has_body { Body::new(&parts)? } else { Body::Sized(0) },
        is_kept_alive: is_current
            && !(special.has_connection && mentions(header::CONNECTION, "close")),
        expects_continue: is_current
            && special.has_expect
            && mentions(header::EXPECT, "100-continue"),
        parts,
    })
}

/// The headers that there are of those that HTTP/1.1 itself reads. Most requests have one.
#[derive(Default)]
struct Special {
    hosts: usize,
    has_body: bool,
    has_connection: bool,
    has_expect: bool,
}

impl Special {
    fn note(&mut self, name: &HeaderName) {
        if *name == header::HOST {
            self.hosts = self.hosts.saturating_add(1);
        } else if *name == header::CONTENT_LENGTH || *name == header::TRANSFER_ENCODING {
            self.has_body = true;
        } else if *name == header::CONNECTION {
            self.has_connection = true;
        } else if *name == header::EXPECT {
            self.has_expect = true;
        }
    }
}

fn legal<T, E>(parsed: Result<T, E>) -> Result<T, Fault> {
    parsed.map_err(|_| Fault::Malformed)
}

/// Whether the list in this header has this entry.
fn mentions(headers: &HeaderMap, name: HeaderName, entry: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|it| it.trim().eq_ignore_ascii_case(entry))
}

/// How many empty lines may come before a request. Clients that send any send one.
const MAX_EMPTY_LINES: usize = 8;
