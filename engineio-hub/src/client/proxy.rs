//! The address of an HTTP proxy.

use http::Uri;
use http::header::HeaderValue;
use http::uri::Scheme;

use super::place::Place;

/// An HTTP proxy to connect through with `CONNECT`, and its credentials.
#[derive(Clone, Debug)]
pub struct Proxy {
    uri: Uri,
    host: String,
    /// Marked as sensitive, so that it isn't shown.
    authorization: Option<HeaderValue>,
}

/// The address isn't one of an HTTP proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid proxy address: it must be an http URL with a host")]
#[non_exhaustive]
pub struct InvalidProxy;

impl Proxy {
    /// The proxy at this address, such as `http://user:password@proxy:8080`. The default port is
    /// 80. User and password may be percent-encoded, and a link-local address may have its zone.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] for another scheme, or without a host.
    pub fn new(url: &str) -> Result<Self, InvalidProxy> {
        let uri: Uri = url.parse().map_err(|_| InvalidProxy)?;
        if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP) {
            return Err(InvalidProxy);
        }
        let place = uri.authority().and_then(Place::new).ok_or(InvalidProxy)?;
        let (host, port) = (place.host_in_zone(), place.authority.port());
        let bracket =
            |host: &str| if host.contains(':') { format!("[{host}]") } else { host.into() };
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let authority = format!("{}{port}", bracket(&host));
        let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query("/");
        let uri = uri.build().map_err(|_| InvalidProxy)?;
        Ok(Self { uri, host, authorization: place.authorization })
    }

    /// Its address: `http`, its host and, if given, its port. The zone of a link-local address
    /// stands in it as a resolver takes it: behind a bare `%`.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Its host, without the brackets around an IPv6 address, and with the zone of a link-local one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port; 80 if none was given.
    pub fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(80)
    }

    /// The value of `Proxy-Authorization`, if the address had a user.
    pub const fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_become_a_header() {
        for (url, expected) in [
            ("http://proxy", None),
            ("proxy:8080", None),
            ("http://ada:secret@proxy:8080", Some("Basic YWRhOnNlY3JldA==")),
            ("http://ada@proxy", Some("Basic YWRhOg==")),
            ("http://a%3Ad%61:p%40ss@proxy", Some("Basic YTpkYTpwQHNz")),
        ] {
            let proxy = Proxy::new(url).expect("a proxy");
            assert_eq!(
                proxy.authorization().map(HeaderValue::as_bytes),
                expected.map(str::as_bytes)
            );
            assert_eq!(proxy.uri().host(), Some("proxy"), "{url}");
        }
    }

    #[test]
    fn link_local_address_keeps_its_zone() {
        for url in ["http://[fe80::1%25eth0]:8080", "http://ada@[fe80::1%eth0]:8080"] {
            let proxy = Proxy::new(url).expect("a proxy");
            assert_eq!((proxy.host(), proxy.port()), ("fe80::1%eth0", 8080), "{url}");
            assert_eq!(proxy.uri(), "http://[fe80::1%eth0]:8080/", "{url}");
        }
    }

    #[test]
    fn password_is_not_shown() {
        let proxy = Proxy::new("http://ada:secret@proxy").expect("a proxy");
        let shown = format!("{proxy:?}");
        assert!(!shown.contains("secret") && !shown.contains("YWRh"), "{shown}");
    }

    #[test]
    fn what_is_no_http_proxy_is_refused() {
        for url in ["", "ftp://x", "https://x", "socks5://x", "/path", "http://", "a b"] {
            assert!(Proxy::new(url).is_err(), "{url}");
        }
    }
}
