//! When a server wants to be asked again (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// How long the server asks the client to wait, from now on: `Retry-After` in seconds or as a date.
///
/// A date is compared with the server's own, as far as it says what time it has: the clocks of
/// devices are often wrong.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let now = self::date(headers, &DATE).unwrap_or_else(SystemTime::now);
    Some(date.duration_since(now).unwrap_or_default())
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "Sun, 06 Nov 1994 12:00:00 GMT";

    fn headers(all: &[(HeaderName, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        for (given, seconds) in [
            ("0", 0),
            (" 120 ", 120),
            ("Sun, 06 Nov 1994 12:00:30 GMT", 30),
            ("Sunday, 06-Nov-94 12:01:00 GMT", 60),
            ("Sun, 06 Nov 1994 11:00:00 GMT", 0),
        ] {
            let headers = headers(&[(RETRY_AFTER, given), (DATE, NOON)]);
            assert_eq!(retry_after(&headers), Some(Duration::from_secs(seconds)), "{given}");
        }
    }

    #[test]
    fn date_is_compared_with_our_own_clock_if_the_server_shows_none() {
        let later = SystemTime::now() + Duration::from_secs(3600);
        let headers = headers(&[(RETRY_AFTER, &httpdate::fmt_http_date(later))]);
        let wait = retry_after(&headers).expect("a date");
        assert!(wait <= Duration::from_secs(3600) && wait > Duration::from_secs(3000), "{wait:?}");
    }

    #[test]
    fn what_is_neither_is_ignored() {
        for nonsense in ["", "-1", "1.5", "soon", "99999999999999999999", "Sun, 99 Nov 1994"] {
            let headers = headers(&[(RETRY_AFTER, nonsense), (DATE, NOON)]);
            assert_eq!(retry_after(&headers), None, "{nonsense}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
