//! The address of an HTTP proxy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use http::header::HeaderValue;
use http::uri::Scheme;
use percent_encoding::percent_decode_str;

use super::request::bare;

/// An HTTP proxy that connections go through by `CONNECT`, and the word for it.
#[derive(Clone, Debug)]
pub struct Proxy {
    uri: Uri,
    /// Marked as sensitive, so that it isn't shown.
    authorization: Option<HeaderValue>,
}

/// An address that no HTTP proxy can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a proxy: it must be http, with a host")]
#[non_exhaustive]
pub struct InvalidProxy;

impl Proxy {
    /// The proxy of this address, as in `http://user:password@proxy:8080`. The port is 80 where
    /// there is none, user and password may be percent-encoded.
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

    /// Where it is: `http`, its host and, if it was given, its port.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Its host, without the brackets that an address of IPv6 has in a URL.
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

/// RFC 7617.
fn basic(userinfo: &str) -> Option<HeaderValue> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut word: Vec<u8> = percent_decode_str(user).collect();
    word.push(b':');
    word.extend(percent_decode_str(password));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(word))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_become_a_header() {
        for (url, word) in [
            ("http://proxy", None),
            ("proxy:8080", None),
            ("http://ada:secret@proxy:8080", Some("Basic YWRhOnNlY3JldA==")),
            ("http://ada@proxy", Some("Basic YWRhOg==")),
            ("http://a%3Ad%61:p%40ss@proxy", Some("Basic YTpkYTpwQHNz")),
        ] {
            let proxy = Proxy::new(url).expect("a proxy");
            assert_eq!(proxy.authorization().map(HeaderValue::as_bytes), word.map(str::as_bytes));
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
