//! The cookies that a server set, for later requests of the same session. Load balancers with
//! sticky sessions need them.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use cookie::Cookie;
use http::header::{self, HeaderMap, HeaderValue};

use crate::sync::Mutex;

/// The cookies of one host, shared by all clones. All requests of a session have the same host and
/// path, so `Domain` and `Path` make no difference.
#[derive(Clone, Default)]
pub(super) struct Jar(Arc<Mutex<Vec<Kept>>>);

struct Kept {
    name: String,
    value: String,
    is_secure: bool,
    /// `None`: until the end of the session.
    until: Option<SystemTime>,
}

impl Jar {
    /// Stores the cookies that an answer sets, and drops those that it expires.
    pub(super) fn take_in(&self, headers: &HeaderMap) {
        if !headers.contains_key(header::SET_COOKIE) {
            return;
        }
        let mut cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for line in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = line.to_str().ok().and_then(|line| Cookie::parse(line).ok()) else {
                continue;
            };
            cookies.retain(|known| known.name != cookie.name());
            if cookies.len() < MOST {
                cookies.push(Kept {
                    name: cookie.name().to_owned(),
                    value: cookie.value().to_owned(),
                    is_secure: cookie.secure() == Some(true),
                    until: until(&cookie),
                });
            }
        }
    }

    /// The value of the `Cookie` header, if any cookie applies to the connection.
    pub(super) fn header(&self, is_secure: bool) -> Option<HeaderValue> {
        let mut cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cookies.is_empty() {
            return None;
        }
        let now = SystemTime::now();
        cookies.retain(|cookie| cookie.until.is_none_or(|until| now < until));
        let mut all = String::new();
        for cookie in cookies.iter().filter(|cookie| is_secure || !cookie.is_secure) {
            if !all.is_empty() {
                all.push_str("; ");
            }
            all.push_str(&cookie.name);
            all.push('=');
            all.push_str(&cookie.value);
        }
        if all.is_empty() { None } else { HeaderValue::from_str(&all).ok() }
    }
}

/// Keeps their values out of logs.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jar")
    }
}

/// `Max-Age` takes precedence over `Expires` (RFC 6265, section 5.3).
fn until(cookie: &Cookie<'_>) -> Option<SystemTime> {
    if let Some(age) = cookie.max_age() {
        let age = Duration::try_from(age).unwrap_or(Duration::ZERO);
        return SystemTime::now().checked_add(age);
    }
    let seconds = cookie.expires_datetime()?.unix_timestamp();
    let seconds = u64::try_from(seconds).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// As many as a user agent has to keep for a domain (RFC 6265, section 6.1).
const MOST: usize = 50;
