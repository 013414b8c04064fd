//! The head of a request: what the hub reads of it, and what it keeps for the application.

mod fields;
mod source;

use std::borrow::Cow;

use http::Version;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};

pub(crate) use fields::{Fields, HOP, text};
pub(crate) use source::{Head, KeptHead};

/// What the hub reads of the head of a request. It takes one walk over the headers.
#[derive(Debug)]
pub(crate) struct RequestHead<'r> {
    pub(crate) method: &'r str,
    /// Path and query.
    pub(crate) target: Cow<'r, str>,
    /// The host that the target names, as it does over HTTP/2.
    pub(crate) authority: Option<Cow<'r, str>>,
    pub(crate) version: Version,
    pub(crate) fields: Fields<'r>,
}

impl<'r> RequestHead<'r> {
    pub(crate) fn of(parts: &'r Parts) -> Self {
        let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let mut fields = Fields::default();
        for (name, value) in &parts.headers {
            fields.note(name.as_str(), value.as_bytes());
        }
        Self {
            method: parts.method.as_str(),
            target: Cow::Borrowed(target),
            authority: parts.uri.authority().map(Authority::as_str).map(Cow::Borrowed),
            version: parts.version,
            fields,
        }
    }

    pub(crate) fn path(&self) -> &str {
        let path = self.target.split_once('?').map_or(&*self.target, |(path, _)| path);
        if path.is_empty() { "/" } else { path }
    }
}
