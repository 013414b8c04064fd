//! A client's requests: the server, and the headers that all of them have.

use bytes::Bytes;
use engineio_proto::{ClientConfig, ClientConfigBuilder};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{Method, Request, Uri};

use super::jar::Jar;
use super::place::Place;

/// A server, and the headers of every request to it.
#[derive(Clone, Debug)]
pub struct Remote {
    pub(super) scheme: Scheme,
    pub(super) place: Place,
    pub(super) path_and_query: Option<PathAndQuery>,
    pub(super) headers: HeaderMap,
    /// The cookies that the server has set.
    pub(super) jar: Jar,
}

/// The address isn't one of an Engine.IO server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid server address: it must be an http, https, ws or wss URL with a host")]
#[non_exhaustive]
pub struct InvalidUrl;

impl Remote {
    /// The server at this URL. `ws` means the same as `http`, and `wss` the same as `https`.
    ///
    /// User and password, which may be percent-encoded, become the `Authorization` header of every
    /// request. A link-local address may have its zone: `http://[fe80::1%25eth0]:3000` (RFC 6874).
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] for another scheme, or without a host.
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        let Parts { scheme, authority, path_and_query, .. } =
            url.parse::<Uri>().map_err(|_| InvalidUrl)?.into_parts();
        let scheme = self::scheme(scheme.as_ref()).ok_or(InvalidUrl)?;
        let place = authority.as_ref().and_then(Place::new).ok_or(InvalidUrl)?;
        let (headers, jar) = (HeaderMap::new(), Jar::default());
        Ok(Self { scheme, place, path_and_query, headers, jar })
    }

    /// Settings for this address: its query, and its path if that isn't `/`.
    pub fn settings(&self) -> ClientConfigBuilder {
        let settings = ClientConfig::builder();
        let Some(address) = &self.path_and_query else { return settings };
        let settings = settings.query(address.query().unwrap_or_default());
        if address.path() == "/" { settings } else { settings.path(address.path()) }
    }

    /// Adds a header to every request, including those for a WebSocket.
    pub fn header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.append(name, value);
    }

    /// The server's host, as in its certificate: a name or an address, without the brackets around
    /// an IPv6 address.
    pub fn host(&self) -> &str {
        self.place.host()
    }

    /// The server's host for a resolver: with the zone of a link-local address, `fe80::1%eth0`.
    pub fn host_in_zone(&self) -> String {
        self.place.host_in_zone()
    }

    /// The zone of a link-local address.
    pub fn zone(&self) -> Option<&str> {
        self.place.zone.as_deref()
    }

    /// Host and port, as the target of a `CONNECT`: `example.com:443`, `[::1]:80`.
    pub fn host_and_port(&self) -> Authority {
        let authority = &self.place.authority;
        let both = format!("{}:{}", authority.host(), self.port());
        both.parse().unwrap_or_else(|_| authority.clone())
    }

    /// The server's port; the scheme's default if the URL has none.
    pub fn port(&self) -> u16 {
        self.place.authority.port_u16().unwrap_or_else(|| self.default_port())
    }

    fn default_port(&self) -> u16 {
        if self.is_secure() { 443 } else { 80 }
    }

    /// The value of `Host`. A proxy or a page may compare it with an origin, which never has the
    /// default port.
    fn host_header(&self) -> Option<HeaderValue> {
        let authority = &self.place.authority;
        let has_port = authority.port_u16().is_some_and(|port| port != self.default_port());
        let host = if has_port { authority.as_str() } else { authority.host() };
        HeaderValue::from_str(host).ok()
    }

    pub(super) fn scheme(&self) -> &str {
        self.scheme.as_str()
    }

    /// Whether connections use TLS.
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    pub(super) fn get(&self, target: &str, body: Bytes) -> Request<Bytes> {
        self.request(Method::GET, target, body)
    }

    pub(super) fn post(
        &self,
        target: &str,
        body: Bytes,
        content_type: &'static str,
    ) -> Request<Bytes> {
        let mut request = self.request(Method::POST, target, body);
        let content_type = HeaderValue::from_static(content_type);
        request.headers_mut().insert(header::CONTENT_TYPE, content_type);
        request
    }

    pub(super) fn websocket(
        &self,
        target: &str,
        key: &str,
        offer: Option<HeaderValue>,
    ) -> Request<Bytes> {
        let mut request = self.request(Method::GET, target, Bytes::new());
        let headers = request.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        if let Ok(key) = HeaderValue::from_str(key) {
            headers.insert(header::SEC_WEBSOCKET_KEY, key);
        }
        if let Some(offer) = offer {
            headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, offer);
        }
        request
    }

    fn request(&self, method: Method, target: &str, body: Bytes) -> Request<Bytes> {
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.place.authority.clone())
            .path_and_query(target);
        let mut request = Request::new(body);
        *request.method_mut() = method;
        // The settings reject an illegal path or query.
        *request.uri_mut() = uri.build().unwrap_or_default();
        let headers = request.headers_mut();
        if let Some(host) = self.host_header() {
            headers.insert(header::HOST, host);
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        if let Some(authorization) = &self.place.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        request
    }

    /// Adds the headers of every request in place of those of the same name, and the cookies after
    /// the application's own.
    pub(super) fn finish(
        &self,
        mut request: Request<Bytes>,
        cookies: Option<HeaderValue>,
    ) -> Request<Bytes> {
        let headers = request.headers_mut();
        for name in self.headers.keys() {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        if let Some(cookies) = cookies {
            let all = match headers.get(header::COOKIE) {
                Some(own) => [own.as_bytes(), b"; ", cookies.as_bytes()].concat(),
                None => cookies.as_bytes().to_vec(),
            };
            if let Ok(all) = HeaderValue::from_bytes(&all) {
                headers.insert(header::COOKIE, all);
            }
        }
        request
    }
}

/// The scheme of HTTP that stands for this one. `None`: it isn't one of a server.
pub(super) fn scheme(given: Option<&Scheme>) -> Option<Scheme> {
    match given.map(Scheme::as_str) {
        Some("http" | "ws") => Some(Scheme::HTTP),
        Some("https" | "wss") => Some(Scheme::HTTPS),
        _ => None,
    }
}
