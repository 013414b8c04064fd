//! The query parameters that the protocol knows.

use alloc::borrow::Cow;

use crate::codec::BinaryEncoding;

/// The last value of each parameter, decoded. Absent is `None`.
#[derive(Debug)]
pub(super) struct Query<'r> {
    pub(super) eio: Option<Cow<'r, str>>,
    pub(super) transport: Option<Cow<'r, str>>,
    /// Never empty: `sid=` counts as absent.
    pub(super) sid: Option<Cow<'r, str>>,
    /// Of `b64`: any value but the empty one asks for base64.
    pub(super) binary: BinaryEncoding,
    pub(super) jsonp: bool,
}

impl<'r> Query<'r> {
    pub(super) fn parse(query: &'r str) -> Self {
        let mut known = Self {
            eio: None,
            transport: None,
            sid: None,
            binary: BinaryEncoding::Raw,
            jsonp: false,
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "EIO" => known.eio = Some(value),
                "transport" => known.transport = Some(value),
                "sid" => known.sid = Some(value).filter(|sid| !sid.is_empty()),
                "b64" if value.is_empty() => known.binary = BinaryEncoding::Raw,
                "b64" => known.binary = BinaryEncoding::Base64,
                "j" => known.jsonp = true,
                _ => {}
            }
        }
        known
    }
}
