//! The head of a request.

use bytes::{Buf, BytesMut};
use engineio_hub::listener::{MAX_HEAD, MAX_HEADERS};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Uri, Version};
use httparse::{EMPTY_HEADER, Status};

use super::{Body, Fault};

/// A request without its body.
#[derive(Debug)]
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
        let unseen = self.seen.saturating_sub(END.len());
        let end = input
            .get(unseen..)
            .and_then(|unseen| unseen.windows(END.len()).position(|window| window == END));
        let Some(end) = end else {
            self.seen = input.len();
            return if input.len() >= MAX_HEAD { Err(Fault::HeadTooLarge) } else { Ok(None) };
        };
        *self = Self::default();
        let len = unseen.saturating_add(end).saturating_add(END.len());
        if len > MAX_HEAD {
            return Err(Fault::HeadTooLarge);
        }
        parse(&input.split_to(len)).map(Some)
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

fn parse(bytes: &[u8]) -> Result<Head, Fault> {
    // httparse takes a bare line feed for a line end. Other servers don't.
    let lines = || bytes.split_inclusive(|byte| *byte == b'\n');
    if !lines().all(|line| line.ends_with(b"\r\n")) {
        return Err(Fault::Malformed);
    }
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(bytes) {
        Ok(Status::Complete(len)) if len == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Fault::HeadTooLarge),
        Ok(_) | Err(_) => return Err(Fault::Malformed),
    }
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.version = if parsed.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    parts.method = legal(parsed.method.unwrap_or_default().parse::<Method>())?;
    parts.uri = legal(parsed.path.unwrap_or_default().parse::<Uri>())?;
    for line in parsed.headers {
        let name = legal(HeaderName::from_bytes(line.name.as_bytes()))?;
        parts.headers.append(name, legal(HeaderValue::from_bytes(line.value))?);
    }
    let is_current = parts.version == Version::HTTP_11;
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && is_current) {
        return Err(Fault::Malformed);
    }
    Ok(Head {
        body: Body::new(&parts)?,
        is_kept_alive: is_current && !mentions(&parts.headers, header::CONNECTION, "close"),
        expects_continue: is_current && mentions(&parts.headers, header::EXPECT, "100-continue"),
        parts,
    })
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

const END: &[u8] = b"\r\n\r\n";
