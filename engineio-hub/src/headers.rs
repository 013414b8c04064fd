//! Headers of the `http` crate, beside the core's.

use engineio_proto::Headers;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The core rejects illegal headers, so none is lost here.
pub(crate) fn extend(fields: &mut HeaderMap, headers: Headers) {
    fields.reserve(headers.len());
    for header in headers {
        let (name, value) = header.into_parts();
        let value = HeaderValue::from_maybe_shared(value.into_bytes());
        if let (Some(name), Ok(value)) = (known_name(&name), value) {
            fields.append(name, value);
        }
    }
}

fn known_name(name: &str) -> Option<HeaderName> {
    Some(match name {
        // What polls are answered with.
        "access-control-allow-origin" => header::ACCESS_CONTROL_ALLOW_ORIGIN,
        "cache-control" => header::CACHE_CONTROL,
        "content-type" => header::CONTENT_TYPE,
        "vary" => header::VARY,
        other => return HeaderName::from_bytes(other.as_bytes()).ok(),
    })
}
