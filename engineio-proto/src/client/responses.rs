//! The answers to a client's requests.

use core::time::Duration;

use bytestring::ByteString;

use super::close::Refused;
use crate::codec::{ContentType, Payload};
use crate::http::Response;

/// The answer to a request that succeeded; else the refusal.
pub(super) fn check(response: Response) -> Result<Response, Refused> {
    if (200..300).contains(&response.status) {
        Ok(response)
    } else {
        let location = response.headers.get("location").map(ByteString::from);
        let seconds = response.headers.get("retry-after").and_then(|it| it.trim().parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        Err(Refused { status: response.status, body: response.body, location, retry_after })
    }
}

/// The body of an answer to a poll.
pub(super) fn payload(response: Response) -> Payload {
    let header = response.headers.get("content-type").unwrap_or_default();
    let media_type = header.split(';').next().unwrap_or_default().trim();
    let content_type = if media_type.eq_ignore_ascii_case("application/octet-stream") {
        ContentType::Binary
    } else {
        ContentType::Text
    };
    Payload { body: response.body, content_type }
}
