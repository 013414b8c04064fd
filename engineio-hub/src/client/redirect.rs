//! Redirects of the handshake: where a client goes on instead.

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::uri::{Parts, Uri};

use super::jar::Jar;
use super::place::Place;
use super::request::{Remote, scheme};

/// Which redirects of the handshake a client follows.
///
/// In any case only those with status 301, 302, 307 or 308, at most 5 of them, and none from
/// `https` to `http`. The session then stays where the last one pointed to. Credentials are sent
/// there only if it is the same origin, or moves from `http` to `https` at the default ports;
/// cookies only if it is the same host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redirects {
    /// None. A redirect is a refusal, and the error names where it points to.
    None,
    /// Those that stay at the same host, on whatever port.
    #[default]
    SameHost,
    /// All. The server, or whoever answers for it on an unencrypted connection, chooses who gets
    /// the messages.
    AnyHost,
}

impl Remote {
    /// The server that a `Location` names, with what may be sent there.
    pub(super) fn resolve(&self, location: &str, path: &str) -> Option<Self> {
        let location = location.split('#').next().unwrap_or_default();
        let here = format!("{}://{}", self.scheme(), self.place.authority);
        let absolute = if location.starts_with("//") {
            format!("{}:{location}", self.scheme())
        } else if location.starts_with('/') {
            format!("{here}{location}")
        } else if location.starts_with('?') {
            format!("{here}{path}{location}")
        } else if location.contains("://") {
            location.to_owned()
        } else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{here}{folder}/{location}")
        };
        let Parts { scheme: given, authority, path_and_query, .. } =
            absolute.parse::<Uri>().ok()?.into_parts();
        let mut place = authority.as_ref().and_then(Place::new)?;
        // Credentials come from the application alone.
        place.authorization = None;
        let scheme = scheme(given.as_ref())?;
        let mut there = Self { scheme, place, path_and_query, ..self.clone() };
        let keeps_host = there.has_host_of(self);
        if keeps_host {
            there.place.zone.clone_from(&self.place.zone);
        } else {
            there.jar = Jar::default();
        }
        let is_upgrade = (self.is_secure(), there.is_secure()) == (false, true)
            && (self.port(), there.port()) == (80, 443);
        let keeps_port = self.is_secure() == there.is_secure() && self.port() == there.port();
        if keeps_host && (keeps_port || is_upgrade) {
            there.place.authorization.clone_from(&self.place.authorization);
        } else {
            for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
                there.headers.remove(name);
            }
        }
        Some(there)
    }

    pub(super) fn has_host_of(&self, other: &Self) -> bool {
        self.host().eq_ignore_ascii_case(other.host())
    }
}

/// The query of a redirect without what the session adds to each request itself.
pub(super) fn own_query(query: &str) -> String {
    let own = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !matches!(name, "" | "EIO" | "transport" | "t" | "sid" | "b64")
    });
    own.collect::<Vec<_>>().join("&")
}
