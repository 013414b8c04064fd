//! The head of a request.

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use bytes::{Buf, Bytes, BytesMut};
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Request, Uri, Version};
use httparse::Status;
use memchr::memchr;

use super::{Body, Fault};
use crate::head::{Fields, RequestHead};
use crate::listener::{MAX_HEAD, MAX_HEADERS};

/// The head of a request where it was read to.
#[derive(Debug)]
pub struct ReadHead<'r> {
    pub(crate) request: RequestHead<'r>,
    bytes: &'r [u8],
    body: Body,
    is_kept_alive: bool,
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
    /// The length of the head that `input` begins with, once all of it has come. Empty lines in
    /// front of it are taken away. Search on once that head was taken away.
    ///
    /// # Errors
    ///
    /// If the head is malformed or too long. Nothing that follows can be understood.
    pub fn find(&mut self, input: &mut BytesMut) -> Result<Option<usize>, Fault> {
        if input.is_empty() {
            return Ok(None);
        }
        self.skip_empty_lines(input)?;
        let found = self.find_end(input)?;
        if found.is_some() {
            *self = Self::default();
        }
        Ok(found)
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

    /// Whether empty lines came before the head that is awaited.
    pub(crate) const fn has_skipped(&self) -> bool {
        self.empty_lines > 0
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

impl<'r> ReadHead<'r> {
    /// Reads a whole head, up to its empty line.
    ///
    /// # Errors
    ///
    /// If it is malformed, or has too many headers.
    pub fn new(bytes: &'r [u8]) -> Result<Self, Fault> {
        with_parsed(bytes, |parsed| Self::of(parsed, bytes))?
    }

    /// Reads the head that `bytes` begin with, and gives it with its length. `None`: only a
    /// [`HeadReader`] can say whether more has to come or what is wrong.
    ///
    /// That one looks for the end first, line by line, so that a head that comes in parts is searched
    /// once. Most come whole.
    pub fn whole<T>(bytes: &'r [u8], give: impl FnOnce(&Self, usize) -> T) -> Option<T> {
        let most = bytes.get(..MAX_HEAD).unwrap_or(bytes);
        // httparse would skip empty lines.
        if !most.first()?.is_ascii_graphic() {
            return None;
        }
        parse(most, |parsed, len| {
            let head = most.get(..len)?;
            let is_sound = has_sound_lines(head, parsed);
            let read = if is_sound { Self::of(parsed, head).ok()? } else { return None };
            Some(give(&read, len))
        })
        .ok()??
    }

    fn of(parsed: &httparse::Request<'_, 'r>, bytes: &'r [u8]) -> Result<Self, Fault> {
        let mut fields = Fields::default();
        for header in &*parsed.headers {
            fields.note(header.name, header.value);
        }
        let version = version(parsed);
        let is_current = version == Version::HTTP_11;
        if fields.hosts > 1 || (fields.hosts == 0 && is_current) {
            return Err(Fault::Malformed);
        }
        let (target, authority) = target(parsed.path.unwrap_or_default())?;
        let method = parsed.method.unwrap_or_default();
        let request = RequestHead { method, target, authority, version, fields };
        let body = Body::new(&request)?;
        let is_kept_alive = is_current && !request.fields.closes;
        Ok(Self { request, bytes, body, is_kept_alive })
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        &self.request.target
    }

    /// The body that follows.
    pub const fn body(&self) -> Body {
        self.body
    }

    /// Whether the connection can be used again. In HTTP/1.0 it never is: such clients don't need
    /// it.
    pub const fn is_kept_alive(&self) -> bool {
        self.is_kept_alive
    }

    /// Whether the client waits for a `100 Continue` before it sends the body.
    pub fn expects_continue(&self) -> bool {
        self.request.version == Version::HTTP_11 && self.request.fields.expects_continue
    }

    /// A copy, for whoever may want to look at all of it.
    pub fn keep(&self) -> LazyParts {
        LazyParts { bytes: Bytes::copy_from_slice(self.bytes), parts: OnceLock::new() }
    }
}

/// The head of a request that was read, in the types of the `http` crate once somebody asks for
/// it. To make them takes longer than to find what the hub needs.
#[derive(Debug)]
pub struct LazyParts {
    bytes: Bytes,
    parts: OnceLock<Box<Parts>>,
}

impl LazyParts {
    /// Method, target and headers.
    pub fn get(&self) -> &Parts {
        self.parts.get_or_init(|| Box::new(parts(&self.bytes)))
    }

    /// Takes them out.
    pub fn into_parts(self) -> Box<Parts> {
        self.parts.into_inner().unwrap_or_else(|| Box::new(parts(&self.bytes)))
    }
}

/// What the `http` crate makes of a head. It takes all that [`ReadHead`] does.
fn parts(bytes: &Bytes) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    let made = with_parsed(bytes, |parsed| {
        parts.version = version(parsed);
        parts.method = parsed.method?.parse().ok()?;
        parts.uri = Uri::from_maybe_shared(bytes.slice_ref(parsed.path?.as_bytes())).ok()?;
        parts.headers.reserve(parsed.headers.len());
        for header in &*parsed.headers {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            let value = HeaderValue::from_maybe_shared(bytes.slice_ref(header.value)).ok()?;
            parts.headers.append(name, value);
        }
        Some(())
    });
    debug_assert!(matches!(made, Ok(Some(()))), "the `http` crate refused it");
    parts
}

/// Gives what httparse makes of a whole head.
fn with_parsed<'r, T>(
    bytes: &'r [u8],
    give: impl FnOnce(&httparse::Request<'_, 'r>) -> T,
) -> Result<T, Fault> {
    let parsed = parse(bytes, |parsed, len| (len == bytes.len()).then(|| give(parsed)));
    parsed?.flatten().ok_or(Fault::Malformed)
}

/// Gives what httparse makes of a head, and how long it is. `None`: there is more of it.
fn parse<'r, T>(
    bytes: &'r [u8],
    give: impl FnOnce(&httparse::Request<'_, 'r>, usize) -> T,
) -> Result<Option<T>, Fault> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut []);
    match parsed.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(len)) => Ok(Some(give(&parsed, len))),
        Ok(Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(Fault::HeadTooLarge),
        Err(_) => Err(Fault::Malformed),
    }
}

/// Whether each line of this head ends with a carriage return and a line feed. httparse takes a bare
/// line feed for a line end. Other servers don't.
fn has_sound_lines(head: &[u8], parsed: &httparse::Request<'_, '_>) -> bool {
    let is_behind_line = |name: &str| {
        let at = name.as_ptr().addr().wrapping_sub(head.as_ptr().addr());
        head.get(..at).is_some_and(|before| before.ends_with(b"\r\n"))
    };
    head.ends_with(b"\r\n\r\n") && parsed.headers.iter().all(|it| is_behind_line(it.name))
}

const fn version(parsed: &httparse::Request<'_, '_>) -> Version {
    if matches!(parsed.version, Some(0)) { Version::HTTP_10 } else { Version::HTTP_11 }
}

/// The path and query of a target, and the host that it names.
fn target(asked: &str) -> Result<(Cow<'_, str>, Option<Cow<'_, str>>), Fault> {
    // What clients send. `Uri` takes it as it is. To look at all of it is faster than to stop at the
    // first that isn't plain.
    let is_plain = |byte: u8| PLAIN.get(usize::from(byte)) == Some(&true);
    let is_all_plain = asked.bytes().fold(true, |all, byte| all & is_plain(byte));
    if asked.starts_with('/') && is_all_plain {
        return Ok((Cow::Borrowed(asked), None));
    }
    let uri: Uri = asked.parse().map_err(|_| Fault::Malformed)?;
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str).to_owned();
    let authority = uri.authority().map(|host| Cow::Owned(host.as_str().to_owned()));
    Ok((Cow::Owned(path), authority))
}

/// The bytes that a path and a query may have as they are (RFC 3986, section 3.4).
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut bytes: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\
        -._~!$&'()*+,;=:@/?%";
    while let [byte, rest @ ..] = bytes {
        plain[*byte as usize] = true;
        bytes = rest;
    }
    plain
};

/// How many empty lines may come before a request. Clients that send any send one.
const MAX_EMPTY_LINES: usize = 8;
