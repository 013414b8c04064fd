//! What the answers to a client's requests say.

use super::close::Refused;
use crate::codec::Payload;
use crate::http::Response;

/// Whether a request did what it was to do; else what was said instead.
pub(super) fn check(response: Response) -> Result<Response, Refused> {
    if (200..300).contains(&response.status) {
        Ok(response)
    } else {
        Err(Refused { status: response.status, body: response.body })
    }
}

/// The body of an answer to a poll.
pub(super) fn payload(response: Response) -> Payload {
    let content_type = response.headers.get("content-type").unwrap_or_default();
    let mime = content_type.split(';').next().unwrap_or_default().trim();
    Payload { binary: mime.eq_ignore_ascii_case("application/octet-stream"), body: response.body }
}
