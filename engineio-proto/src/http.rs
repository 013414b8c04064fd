//! HTTP as plain data: the relevant parts of a request, and the answer.

use alloc::vec::{self, Vec};
use core::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use crate::coding::Coding;
use crate::excerpt::Excerpt;
use crate::server::Ambiguity;

/// The parts of an HTTP request that the core reads. The fields are the complete list of
/// headers that matter to it; an absent header is `None`.
///
/// Where a header came several times, give the first.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "whoever drives the core fills it in")]
pub struct Request<'r> {
    /// The method, in capitals as on the wire; `GET` for a WebSocket that is asked for by an
    /// extended CONNECT (RFC 8441).
    pub method: &'r str,
    /// Path and query, as on the wire: not decoded.
    pub target: &'r str,
    /// Whether the request asks for a WebSocket, over whatever HTTP version.
    /// Any other `Upgrade` is not one: leave this `false` for it.
    pub upgrade: bool,
    /// Whether it came over HTTP/1.0, or something older: no upgrade passes there.
    pub is_http_1_0: bool,
    /// `Origin`. May hold bytes that are no text.
    pub origin: Option<&'r [u8]>,
    /// `Host` or `:authority`; behind a trusted proxy, what that one says it was.
    pub host: Option<&'r str>,
    /// How the request could be read differently by two servers, if the driver sees such a way.
    /// It is refused then.
    pub ambiguity: Option<Ambiguity>,
    /// `Content-Type`.
    pub content_type: Option<&'r str>,
    /// `Accept-Encoding`.
    pub accept_encoding: Option<&'r str>,
    /// `Sec-WebSocket-Protocol`.
    pub sec_websocket_protocol: Option<&'r str>,
    /// `Access-Control-Request-Method`.
    pub access_control_request_method: Option<&'r str>,
    /// `Access-Control-Request-Headers`.
    pub access_control_request_headers: Option<&'r str>,
}

/// A complete answer. The driver adds `Content-Length`. `Debug` shows the beginning of the body,
/// and of a good answer, which may name the session, only its length.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever drives the core takes it apart")]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, in order.
    pub headers: Headers,
    /// The body, not yet compressed.
    pub body: Bytes,
    /// Compress the body with this and say so in `Content-Encoding`.
    pub coding: Option<Coding>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &self.shown_body())
            .field("coding", &self.coding)
            .finish()
    }
}

impl Response {
    /// A good answer may name the session, so only its length is shown.
    fn shown_body(&self) -> Excerpt<'_> {
        if self.status == 200 { Excerpt::hidden(&self.body) } else { Excerpt::binary(&self.body) }
    }

    /// An answer with no body.
    pub(crate) const fn empty(status: u16, headers: Headers) -> Self {
        Self { status, headers, body: Bytes::new(), coding: None }
    }

    /// An answer with a body of this type.
    pub(crate) fn with_body(
        status: u16,
        mut headers: Headers,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        headers.push("content-type", ByteString::from_static(content_type));
        Self { status, headers, body: body.into(), coding: None }
    }
}

/// Response headers in the order in which they are written. Names are in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

/// One header that HTTP can carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    name: ByteString,
    value: ByteString,
}

impl Header {
    /// A header of this name and value.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] unless the name is a token of RFC 9110 and the value
    /// is free of control characters other than the tab.
    pub fn new(
        name: impl Into<ByteString>,
        value: impl Into<ByteString>,
    ) -> Result<Self, InvalidHeader> {
        let (name, value) = (name.into(), value.into());
        if !is_token(&name) || value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
            return Err(InvalidHeader);
        }
        Ok(Self { name, value })
    }

    /// The name, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Name and value.
    pub fn into_parts(self) -> (ByteString, ByteString) {
        (self.name, self.value)
    }
}

impl Headers {
    /// No headers.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// No headers, with room for those of most answers: more would be more allocations.
    pub(crate) fn with_room() -> Self {
        Self(Vec::with_capacity(4))
    }

    /// Adds a header that the caller has to give.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] as of [`Header::new`].
    pub fn try_push(
        &mut self,
        name: impl Into<ByteString>,
        value: impl Into<ByteString>,
    ) -> Result<(), InvalidHeader> {
        self.0.push(Header::new(name, value)?);
        Ok(())
    }

    /// Adds a header that is known to be legal.
    pub(crate) fn push(&mut self, name: &'static str, value: impl Into<ByteString>) {
        self.0.push(Header { name: ByteString::from_static(name), value: value.into() });
    }

    /// The same headers, for an answer that no cache may keep.
    pub(crate) fn uncached(mut self) -> Self {
        self.push("cache-control", ByteString::from_static("no-store"));
        self
    }

    /// The headers in order: name, value.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|header| (header.name(), header.value()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first value of the header with this name, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Extend<Header> for Headers {
    fn extend<I: IntoIterator<Item = Header>>(&mut self, headers: I) {
        self.0.extend(headers);
    }
}

impl IntoIterator for Headers {
    type Item = Header;
    type IntoIter = vec::IntoIter<Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Whether a text is a token of RFC 9110, as are the names of headers, cookies and sub-protocols.
pub(crate) fn is_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(legal)
}

/// A header's name or value that HTTP can't carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a legal HTTP header: the name must be a token, the value free of control characters")]
#[non_exhaustive]
pub struct InvalidHeader;
