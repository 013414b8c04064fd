//! The address of an HTTP proxy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use http::header::HeaderValue;
use http::uri::Scheme;
use percent_encoding::percent_decode_str;

use super::request::bare;

/// An HTTP proxy to connect through with `CONNECT`, and its credentials.
#[derive(Clone, Debug)]
pub struct Proxy {
    uri: Uri,
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
    /// 80. User and password may be percent-encoded.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] for another scheme, or without a host.
    pub fn new(url: &str) -> Result<Self, InvalidProxy> {
        let uri: Uri = url.parse().map_err(|_| InvalidProxy)?;
        if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP) {
            return Err(InvalidProxy);
        }
        let authority = uri.authority().filter(|it| !it.host().is_empty()).ok_or(InvalidProxy)?;
        let (userinfo, place) = match authority.as_str().rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority.as_str()),
        };
        let uri = Uri::builder().scheme(Scheme::HTTP).authority(place).path_and_query("/").build();
        let uri = uri.map_err(|_| InvalidProxy)?;
        Ok(Self { uri, authorization: userinfo.and_then(basic) })
    }

    /// Its address: `http`, its host and, if given, its port.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Its host, without the brackets around an IPv6 address.
    pub fn host(&self) -> &str {
        bare(self.uri.host().unwrap_or_default())
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

/// Basic credentials (RFC 7617).
fn basic(userinfo: &str) -> Option<HeaderValue> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut credentials: Vec<u8> = percent_decode_str(user).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    let mut value =
        HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials))).ok()?;
    value.set_sensitive(true);
    Some(value)
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
