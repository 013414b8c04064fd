//! The query parameters that the protocol knows.

use alloc::borrow::Cow;

/// The last value of each parameter, decoded. Absent is `None`.
#[derive(Debug, Default)]
pub(super) struct Query<'r> {
    pub(super) eio: Option<Cow<'r, str>>,
    pub(super) transport: Option<Cow<'r, str>>,
    /// Never empty: `sid=` counts as absent.
    pub(super) sid: Option<Cow<'r, str>>,
    /// Any value but the empty one asks for text only.
    pub(super) b64: bool,
    pub(super) jsonp: bool,
}

impl<'r> Query<'r> {
    pub(super) fn parse(query: &'r str) -> Self {
        let mut known = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "EIO" => known.eio = Some(value),
                "transport" => known.transport = Some(value),
                "sid" => known.sid = Some(value).filter(|sid| !sid.is_empty()),
                "b64" => known.b64 = !value.is_empty(),
                "j" => known.jsonp = true,
                _ => {}
            }
        }
        known
    }
}
