//! A server's WebSocket handshake: over HTTP/1.1 by `Upgrade` (RFC 6455), over HTTP/2 by an
//! extended CONNECT (RFC 8441). They differ in nothing else.

use engineio_proto::Headers;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Version};

use crate::head::{RequestHead, text};
use crate::headers::extend;
use crate::server::Connection;
use crate::websocket::Deflate;

/// A valid request for a WebSocket: what its answer needs.
#[derive(Debug)]
pub(crate) struct Upgrade {
    way: Way,
    /// What to agree on of the compression that the client offers, unless the application refuses
    /// it.
    pub(crate) deflate: Option<Deflate>,
}

#[derive(Debug)]
enum Way {
    /// 101, with this `Sec-WebSocket-Accept`.
    Http1(HeaderValue),
    /// 200. HTTP/2 itself shows that the server has read the request.
    ExtendedConnect,
}

impl Upgrade {
    /// Checks the handshake (RFC 6455, section 4.2.1; RFC 8441, section 5). `None`: it is broken.
    pub(crate) fn of(head: &RequestHead<'_>, connection: Connection) -> Option<Self> {
        if head.fields.websocket_version != Some(b"13") {
            return None;
        }
        if connection.is_extended_connect {
            return Some(Self { way: Way::ExtendedConnect, deflate: None });
        }
        let is_http_1_1 = head.method == Method::GET && head.version == Version::HTTP_11;
        let key = head.fields.websocket_key.and_then(text);
        let key = key.filter(|key| key.len() == KEY_LEN && is_http_1_1)?;
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        Some(Self { way: Way::Http1(HeaderValue::from_str(&accept).ok()?), deflate: None })
    }

    /// The answer, with these headers beside those of the handshake.
    pub(crate) fn answer(self, headers: Headers) -> Switch {
        let extensions = self.deflate.as_ref().map(Deflate::answer);
        Switch { upgrade: self, headers, extensions }
    }

    /// The answer, with these headers of a server that has upgraded its own connection.
    pub(crate) fn proxied(self, headers: HeaderMap) -> http::Response<()> {
        let mut answer = http::Response::new(());
        *answer.headers_mut() = headers;
        answer.headers_mut().remove(header::SEC_WEBSOCKET_ACCEPT);
        if let Way::Http1(accept) = self.way {
            *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let fields = answer.headers_mut();
            fields.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            fields.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
            fields.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        answer
    }
}

/// The answer to a valid request for a WebSocket.
#[derive(Debug)]
pub(crate) struct Switch {
    upgrade: Upgrade,
    headers: Headers,
    extensions: Option<HeaderValue>,
}

impl Switch {
    /// The answer, for an HTTP library.
    pub(crate) fn into_response(self) -> http::Response<()> {
        let mut answer = self.upgrade.proxied(HeaderMap::new());
        extend(answer.headers_mut(), self.headers);
        if let Some(extensions) = self.extensions {
            answer.headers_mut().insert(header::SEC_WEBSOCKET_EXTENSIONS, extensions);
        }
        answer
    }

    /// The headers of the answer, but for `Connection`.
    #[cfg(feature = "http1")]
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let accept = match &self.upgrade.way {
            Way::Http1(accept) => Some(("sec-websocket-accept", accept.as_bytes())),
            Way::ExtendedConnect => None,
        };
        let agreed = self.extensions.as_ref().map(|it| (EXTENSIONS, it.as_bytes()));
        let is_agreed = move |name: &str| agreed.is_some() && name.eq_ignore_ascii_case(EXTENSIONS);
        let given = self.headers.iter().filter(move |(name, _)| !is_agreed(name));
        let given = given.map(|(name, value)| (name, value.as_bytes()));
        let upgrade = accept.map(|_| ("upgrade", &b"websocket"[..]));
        upgrade.into_iter().chain(accept).chain(given).chain(agreed)
    }
}

#[cfg(feature = "http1")]
const EXTENSIONS: &str = "sec-websocket-extensions";

/// 16 bytes in base64.
const KEY_LEN: usize = 24;
