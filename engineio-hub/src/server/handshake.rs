//! A client's request for a session, for a login.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use cookie::Cookie;
use engineio_proto::server::{Opening, Refusal};
use engineio_proto::{Revision, ServerConfig, Transport};
use http::header::COOKIE;
use http::request::Parts;

use crate::head::{KeptHead, RequestHead, text};
use crate::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The address that a request came from, as the binding saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "bindings construct it")]
pub struct RemoteAddr(pub SocketAddr);

/// What a binding knows of the connection of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "bindings construct it")]
pub struct Connection {
    /// Where it comes from.
    pub peer: Option<RemoteAddr>,
    /// Whether it can become a WebSocket. If not, whatever passed the request on keeps the upgrade
    /// to itself. Only told for requests that ask for a WebSocket; the others don't show it.
    pub can_upgrade: bool,
    /// Whether the request asks for a WebSocket by an extended CONNECT (RFC 8441): its method is
    /// `CONNECT` and its `:protocol` is `websocket`, which the `http` crate has no place for.
    pub is_extended_connect: bool,
}

impl Connection {
    /// A connection of HTTP/1 that can become a WebSocket.
    pub const fn http1(peer: Option<RemoteAddr>) -> Self {
        Self { peer, can_upgrade: true, is_extended_connect: false }
    }
}

/// A client's request for a session, for a login to check.
///
/// Nothing in it is verified. Query, headers and cookies are as the client sent them.
pub struct Handshake {
    head: KeptHead,
    remote_ip: Option<IpAddr>,
    transport: Transport,
    revision: Revision,
    may_compress: MayCompress,
}

/// Whether a session's WebSocket may compress messages, which the application may decide until the
/// session is open. None where the settings have decided.
#[derive(Clone)]
pub(crate) struct MayCompress(Option<Arc<AtomicBool>>);

impl MayCompress {
    pub(crate) fn get(&self) -> bool {
        self.0.as_ref().is_some_and(|decision| decision.load(Relaxed))
    }
}

impl Handshake {
    pub(crate) fn new(
        config: &ServerConfig,
        head: KeptHead,
        opening: &Opening,
        remote_ip: Option<IpAddr>,
    ) -> Self {
        Self {
            remote_ip,
            transport: opening.transport(),
            revision: opening.revision(),
            may_compress: MayCompress(
                config.websocket_compression().then(|| Arc::new(AtomicBool::new(true))),
            ),
            head,
        }
    }

    /// The head of the request. The first call may have to make it of the bytes that came, which
    /// takes some microseconds.
    pub fn request(&self) -> &Parts {
        self.head.parts()
    }

    /// The first query parameter of this name, percent-decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        let query = self.request().uri.query()?.as_bytes();
        form_urlencoded::parse(query).find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The first cookie of this name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.request().headers.get_all(COOKIE).into_iter();
        let lines = lines.filter_map(|line| line.to_str().ok());
        let cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
        cookies.filter(|cookie| cookie.name() == name).find_map(|cookie| cookie.value_raw())
    }

    /// The first header of this name (case-insensitive), if its value is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request().headers.get(name)?.to_str().ok()
    }

    /// The client's address: the peer's, or with [`trust_forwarded`](ServerConfig::trust_forwarded)
    /// the last one in `X-Forwarded-For`. `None` if the binding doesn't know it.
    pub const fn remote_ip(&self) -> Option<IpAddr> {
        self.remote_ip
    }

    /// The transport that the client starts with.
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// The revision that the client speaks.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Sets whether the session's WebSocket may compress messages, where
    /// [`websocket_compression`](ServerConfig::websocket_compression) is on and the client offers
    /// it. Default yes. Counts until the session is open.
    pub fn compress(&self, compress: bool) {
        if let Some(decision) = &self.may_compress.0 {
            decision.store(compress, Relaxed);
        }
    }

    pub(crate) fn may_compress(&self) -> MayCompress {
        self.may_compress.clone()
    }

    /// Makes a refusal with this status (400 to 599, others become 403) and a JSON body, for a
    /// login to return.
    pub fn refuse(&self, status: u16, body: impl Into<Bytes>) -> Refusal {
        Refusal::application(status, body)
    }

    /// Makes a refusal with the body `{"code":4,"message":".."}`, as the reference server writes
    /// it.
    pub fn refuse_json(&self, status: u16, message: &str) -> Refusal {
        Refusal::json(status, message)
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("uri", &self.request().uri).finish_non_exhaustive()
    }
}

/// The client's address.
pub(crate) fn remote_ip(
    config: &ServerConfig,
    head: &RequestHead<'_>,
    peer: Option<RemoteAddr>,
) -> Option<IpAddr> {
    let forwarded = head.fields.forwarded_for.filter(|_| config.trust_forwarded());
    let forwarded = forwarded.and_then(last_address);
    forwarded.or_else(|| Some(peer?.0.ip()))
}

fn last_address(list: &[u8]) -> Option<IpAddr> {
    text(list)?.rsplit(',').next()?.trim().parse().ok()
}
