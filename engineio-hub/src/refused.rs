//! Requests that were turned away, as observers are told of them.

use std::fmt;
use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Duration;

use engineio_proto::server::{Refusal, RefusalCause};
use engineio_proto::{Instant, ServerConfig};
use http::Method;

use crate::head::RequestHead;
use crate::server::{RemoteAddr, remote_ip};
use crate::sync::Mutex;

/// A request that was turned away, or a connection before a request of it was understood.
///
/// `Display` says in a sentence what was wrong, and what to do about it.
#[derive(Clone, Copy)]
pub struct RefusedRequest<'a> {
    refusal: &'a Refusal,
    line: &'a RequestLine,
    config: &'a ServerConfig,
    is_first: bool,
}

impl<'a> RefusedRequest<'a> {
    pub(crate) const fn new(
        refusal: &'a Refusal,
        line: &'a RequestLine,
        config: &'a ServerConfig,
        is_first: bool,
    ) -> Self {
        Self { refusal, line, config, is_first }
    }

    /// Why it was refused.
    pub fn cause(&self) -> &'a RefusalCause {
        self.refusal.cause()
    }

    /// The reference server's error code, where it has one.
    pub fn code(&self) -> Option<u8> {
        self.refusal.code()
    }

    /// The method of the request. Empty if the connection was turned away
    /// [before](RefusalCause::Connection) that was known, as the path is.
    pub fn method(&self) -> &'a str {
        self.line.method.as_ref().map_or("", Method::as_str)
    }

    /// The path of the request, without its query. A long one is cut.
    pub fn path(&self) -> &'a str {
        let configured = || self.config.path().as_deref().or(Some("/"));
        let configured = || self.line.method.as_ref().and_then(|_| configured());
        self.line.path.as_deref().or_else(configured).unwrap_or_default()
    }

    /// The client's address, as of [`Handshake::remote_ip`](crate::Handshake::remote_ip).
    pub const fn remote_ip(&self) -> Option<IpAddr> {
        self.line.remote
    }

    /// Whether it is the first of its [kind](RefusalCause::name) for a minute, and so worth a
    /// warning. Never for what the application [wanted](RefusalCause::is_wanted).
    pub const fn is_first(&self) -> bool {
        self.is_first
    }
}

impl fmt::Display for RefusedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause().fmt(f)
    }
}

impl fmt::Debug for RefusedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefusedRequest")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("remote_ip", &self.remote_ip())
            .field("cause", self.cause())
            .field("is_first", &self.is_first)
            .finish()
    }
}

/// Which request it is. Kept while the request waits.
#[derive(Clone, Debug)]
pub(crate) struct RequestLine {
    /// `None`: no request was understood.
    method: Option<Method>,
    /// `None`: the configured one, so that the usual request needs no memory for it.
    path: Option<Box<str>>,
    remote: Option<IpAddr>,
}

impl RequestLine {
    /// Of a request for this server's path.
    pub(crate) fn new(
        config: &ServerConfig,
        head: &RequestHead<'_>,
        peer: Option<RemoteAddr>,
    ) -> Self {
        let path = if config.path().is_some() { None } else { Some(beginning(head.path()).into()) };
        let method = Method::from_bytes(head.method.as_bytes()).ok();
        Self { method, path, remote: remote_ip(config, head, peer) }
    }

    /// Of a request for another path.
    pub(crate) fn foreign(
        config: &ServerConfig,
        head: &RequestHead<'_>,
        peer: Option<RemoteAddr>,
    ) -> Self {
        let path = Some(beginning(head.path()).into());
        Self { path, ..Self::new(config, head, peer) }
    }

    /// The client's address.
    pub(crate) const fn remote(&self) -> Option<IpAddr> {
        self.remote
    }

    /// Of a connection on which no request was understood.
    pub(crate) fn unheard(peer: Option<RemoteAddr>) -> Self {
        Self { method: None, path: None, remote: peer.map(|peer| peer.0.ip()) }
    }
}

fn beginning(path: &str) -> &str {
    let end = (0..=MOST_OF_A_PATH.min(path.len())).rev().find(|end| path.is_char_boundary(*end));
    path.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// How much is told of a path, in bytes.
const MOST_OF_A_PATH: usize = 128;

/// When each kind of trouble was last worth a warning.
#[derive(Default)]
pub(crate) struct Warnings(Mutex<Vec<(&'static str, Instant)>>);

impl Warnings {
    /// Whether this one is the first of its kind for a minute.
    pub(crate) fn is_due(&self, kind: &'static str, now: Instant) -> bool {
        // Nothing under this lock can panic.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match last.iter_mut().find(|(name, _)| *name == kind) {
            Some((_, at)) if now < *at + PAUSE => false,
            Some((_, at)) => {
                *at = now;
                true
            }
            None => {
                last.push((kind, now));
                true
            }
        }
    }
}

/// How long a kind of trouble isn't warned about again.
const PAUSE: Duration = Duration::from_secs(60);
