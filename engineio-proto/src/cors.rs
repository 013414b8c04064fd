//! The origins that may talk to the server, and the CORS headers that say so.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use bytestring::ByteString;

use crate::http::{Headers, Request, Response};

/// Which origins are served. Checked on every request and on both transports,
/// since browsers don't check it for WebSockets. A request without `Origin`
/// isn't from a browser's page and is served.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Cors {
    /// The host and port of `Origin` must be those of the request. The scheme
    /// isn't compared: behind a proxy that ends TLS the server can't know it.
    #[default]
    SameOrigin,
    /// Every origin. Can't be combined with credentials.
    Any,
    /// These origins, each as a browser writes it: `https://example.com`, with a
    /// port unless it is the scheme's own, or `null`.
    List(Vec<ByteString>),
    /// The origins that a function allows; made by [`Cors::check`].
    Check(OriginCheck),
    /// No check and no headers: something in front of the server does both.
    Off,
}

/// A function that tells which origins are served.
#[derive(Clone)]
pub struct OriginCheck(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Cors {
    /// Serves the origins for which this function returns `true`. It is called with the `Origin`
    /// of every request that has one, and must not block.
    ///
    /// ```
    /// use engineio_proto::{Cors, ServerConfig};
    ///
    /// let cors = Cors::check(|origin| origin.ends_with(".example.com"));
    /// let config = ServerConfig::builder().cors(cors).build()?;
    /// # Ok::<(), engineio_proto::ConfigError>(())
    /// ```
    pub fn check(allows: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self::Check(OriginCheck(Arc::new(allows)))
    }
}

impl fmt::Debug for OriginCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginCheck(..)")
    }
}

/// The policy's decision about one request.
pub(crate) struct Verdict<'r> {
    /// For the answer, whatever it is.
    pub(crate) headers: Headers,
    pub(crate) origin: Origin<'r>,
}

pub(crate) enum Origin<'r> {
    Allowed,
    /// Not text, or with control characters: nothing that a browser sends.
    Invalid,
    Refused(&'r str),
}

pub(crate) fn check<'r>(
    policy: &Cors,
    allows_credentials: bool,
    request: &Request<'r>,
) -> Verdict<'r> {
    if matches!(policy, Cors::Off) {
        return Verdict { headers: Headers::new(), origin: Origin::Allowed };
    }
    let mut headers = Headers::with_room();
    if !matches!(policy, Cors::Any) {
        // A cache must not give one origin the answer for another.
        headers.push("vary", ByteString::from_static("Origin"));
    }
    let Some(bytes) = request.origin else {
        return Verdict { headers, origin: Origin::Allowed };
    };
    let Some(origin) = text(bytes) else {
        return Verdict { headers, origin: Origin::Invalid };
    };
    let allowed = match policy {
        Cors::Any | Cors::Off => true,
        Cors::SameOrigin => request.host.is_some_and(|host| is_same(origin, host)),
        Cors::List(list) => list.iter().any(|entry| matches(entry, origin)),
        Cors::Check(OriginCheck(allows)) => allows(origin),
    };
    if !allowed {
        return Verdict { headers, origin: Origin::Refused(origin) };
    }
    if matches!(policy, Cors::Any) {
        headers.push("access-control-allow-origin", ByteString::from_static("*"));
    } else {
        headers.push("access-control-allow-origin", origin);
        if allows_credentials {
            headers.push("access-control-allow-credentials", ByteString::from_static("true"));
        }
    }
    Verdict { headers, origin: Origin::Allowed }
}

/// The answer to `OPTIONS`: always 204, with leave where the origin has it.
pub(crate) fn preflight(
    policy: &Cors,
    max_age: Duration,
    request: &Request<'_>,
    verdict: Verdict<'_>,
) -> Response {
    let Verdict { mut headers, origin } = verdict;
    let is_served = !matches!(policy, Cors::Off) && request.origin.is_some();
    if is_served && matches!(origin, Origin::Allowed) {
        headers.push("access-control-allow-methods", ByteString::from_static("GET, POST"));
        if let Some(wanted) = request.access_control_request_headers
            && headers.try_push("access-control-allow-headers", wanted).is_ok()
        {
            headers.push("vary", ByteString::from_static("Access-Control-Request-Headers"));
        }
        let seconds = max_age.as_secs();
        headers.push("access-control-max-age", alloc::format!("{seconds}"));
    }
    headers.push("allow", ByteString::from_static("GET, POST, OPTIONS"));
    Response::empty(204, headers)
}

/// The header as text, if it holds only legal characters.
fn text(origin: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(origin).ok()?;
    (!text.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control())).then_some(text)
}

/// Whether an entry of the user's list allows the origin that a browser sent.
fn matches(entry: &str, origin: &str) -> bool {
    entry.eq_ignore_ascii_case(origin)
        || match (Parts::of(entry), Parts::of(origin)) {
            (Some(entry), Some(origin)) => entry == origin,
            _ => false,
        }
}

/// Whether an origin is at the host that the request was sent to.
fn is_same(origin: &str, host: &str) -> bool {
    let Some(origin) = Parts::of(origin) else { return false };
    let Some((name, port)) = split_port(host) else { return false };
    let port = match port {
        Some(port) => port,
        None => origin.default_port(),
    };
    origin.host.eq_ignore_ascii_case(name) && origin.port == port
}

/// An origin with a host. `ws` counts as `http` and `wss` as `https`: some
/// native clients send the URL that they connect to.
#[derive(Clone, Copy)]
struct Parts<'a> {
    is_secure: bool,
    host: &'a str,
    port: u16,
}

impl<'a> Parts<'a> {
    fn of(origin: &'a str) -> Option<Self> {
        let (scheme, rest) = origin.split_once("://")?;
        let is_secure = match () {
            () if scheme.eq_ignore_ascii_case("http") => false,
            () if scheme.eq_ignore_ascii_case("ws") => false,
            () if scheme.eq_ignore_ascii_case("https") => true,
            () if scheme.eq_ignore_ascii_case("wss") => true,
            () => return None,
        };
        let (host, port) = split_port(rest.strip_suffix('/').unwrap_or(rest))?;
        let mut parts = Self { is_secure, host, port: 0 };
        parts.port = port.unwrap_or_else(|| parts.default_port());
        Some(parts)
    }

    const fn default_port(&self) -> u16 {
        if self.is_secure { 443 } else { 80 }
    }
}

impl PartialEq for Parts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is_secure == other.is_secure
            && self.port == other.port
            && self.host.eq_ignore_ascii_case(other.host)
    }
}

/// `host:port`, `[v6]:port` or just a host.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => Some((host, Some(port.parse().ok()?))),
        _ if authority.is_empty() => None,
        _ => Some((authority, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_same, matches};

    #[test]
    fn same_origin_compares_host_and_port_but_not_the_scheme() {
        for (origin, host) in [
            ("http://localhost:3000", "localhost:3000"),
            ("http://example.com", "example.com"),
            ("https://example.com", "example.com"),
            ("https://example.com", "example.com:443"),
            ("http://EXAMPLE.com:80", "example.COM"),
            ("https://[::1]:3000", "[::1]:3000"),
            ("http://[::1]", "[::1]"),
            ("wss://example.com", "example.com"),
        ] {
            assert!(is_same(origin, host), "{origin} is at {host}");
        }
        for (origin, host) in [
            ("http://example.com:8080", "example.com"),
            ("http://example.com", "example.com:8080"),
            ("http://example.com.evil.test", "example.com"),
            ("http://evil.test", "example.com"),
            ("null", "example.com"),
            ("file://", ""),
            ("chrome-extension://example.com", "example.com"),
            ("http://example.com:99999", "example.com:99999"),
        ] {
            assert!(!is_same(origin, host), "{origin} is not at {host}");
        }
    }

    #[test]
    fn entry_of_the_list_matches_with_and_without_the_default_port() {
        assert!(matches("https://a.test", "https://a.test:443"));
        assert!(matches("https://A.test/", "https://a.test"));
        assert!(matches("null", "null"));
        assert!(matches("app://local", "app://local"));
        assert!(!matches("https://a.test", "http://a.test"));
        assert!(!matches("https://a.test", "https://b.a.test"));
    }
}
