//! The authority of a URL: user and password, host and port.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::HeaderValue;
use http::uri::Authority;
use percent_encoding::percent_decode_str;

/// What the authority of a URL says.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Host and port, without all else.
    pub(super) authority: Authority,
    /// Of a link-local address: the interface that it is on.
    pub(super) zone: Option<String>,
    /// Marked as sensitive, so that it isn't shown.
    pub(super) authorization: Option<HeaderValue>,
}

impl Place {
    /// Takes an authority apart. `None` without a host, or if the zone can't be one.
    pub(super) fn new(authority: &Authority) -> Option<Self> {
        let (userinfo, place) = match authority.as_str().rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority.as_str()),
        };
        let (zone, authority) = split_zone(place)?;
        let authority: Authority = authority.parse().ok()?;
        let has_host = !authority.host().is_empty();
        has_host.then(|| Self { authority, zone, authorization: userinfo.and_then(basic) })
    }

    /// The host, without the brackets that an IPv6 address has in a URL only.
    pub(super) fn host(&self) -> &str {
        let host = self.authority.host();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The host as a resolver takes it, with its zone: `fe80::1%eth0`.
    pub(super) fn host_in_zone(&self) -> String {
        match &self.zone {
            Some(zone) => format!("{}%{zone}", self.host()),
            None => self.host().to_owned(),
        }
    }
}

/// Splits the zone off `[fe80::1%25eth0]:3000` (RFC 6874). Browsers and `curl` also take one behind
/// a bare `%`.
fn split_zone(place: &str) -> Option<(Option<String>, String)> {
    let Some((address, rest)) = place.split_once('%') else { return Some((None, place.into())) };
    let (zone, port) = rest.split_once(']')?;
    let zone = zone.strip_prefix("25").unwrap_or(zone);
    let zone = percent_decode_str(zone).decode_utf8().ok()?.into_owned();
    let is_legal = !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_graphic());
    is_legal.then(|| (Some(zone), format!("{address}]{port}")))
}

/// Basic credentials (RFC 7617) of a user and a password, which may be percent-encoded.
fn basic(userinfo: &str) -> Option<HeaderValue> {
    if matches!(userinfo, "" | ":") {
        return None;
    }
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut credentials: Vec<u8> = percent_decode_str(user).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    let mut value =
        HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials))).ok()?;
    value.set_sensitive(true);
    Some(value)
}
