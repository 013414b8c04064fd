//! The query parameters that the protocol knows.

use alloc::borrow::Cow;

use crate::codec::BinaryEncoding;
use crate::text::cut;

/// The last value of each parameter, decoded. Absent is `None`.
#[derive(Debug)]
pub(super) struct Query<'r> {
    pub(super) eio: Option<Cow<'r, str>>,
    pub(super) transport: Option<Cow<'r, str>>,
    /// Never empty: `sid=` counts as absent.
    pub(super) sid: Option<Cow<'r, str>>,
    /// Of `b64`: any value but the empty one asks for base64.
    pub(super) binary: BinaryEncoding,
    /// Of `j`, which asks for JSONP, even if it is empty.
    pub(super) jsonp: Option<Cow<'r, str>>,
}

impl<'r> Query<'r> {
    pub(super) fn parse(query: &'r str) -> Self {
        let mut known = Self {
            eio: None,
            transport: None,
            sid: None,
            binary: BinaryEncoding::Raw,
            jsonp: None,
        };
        if memchr::memchr2(b'%', b'+', query.as_bytes()).is_some() {
            let pairs = form_urlencoded::parse(query.as_bytes());
            pairs.for_each(|(key, value)| known.note(&key, value));
            return known;
        }
        // Nothing in it is encoded, as usual.
        let mut rest = query;
        while !rest.is_empty() {
            let (pair, after) = cut(rest, b'&').unwrap_or((rest, ""));
            let (key, value) = cut(pair, b'=').unwrap_or((pair, ""));
            known.note(key, Cow::Borrowed(value));
            rest = after;
        }
        known
    }

    fn note(&mut self, key: &str, value: Cow<'r, str>) {
        match key {
            "EIO" => self.eio = Some(value),
            "transport" => self.transport = Some(value),
            "sid" => self.sid = Some(value).filter(|sid| !sid.is_empty()),
            "b64" if value.is_empty() => self.binary = BinaryEncoding::Raw,
            "b64" => self.binary = BinaryEncoding::Base64,
            "j" => self.jsonp = Some(value),
            _ => {}
        }
    }
}
