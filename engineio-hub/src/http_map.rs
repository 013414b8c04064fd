//! Conversions between the `http` crate's types and the core's plain data.

use bytes::Bytes;
use engineio_proto::server::Ambiguity;
use engineio_proto::{Request, Response, ServerConfig};
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode, Version};

use crate::headers::{extend, text};
use crate::server::Connection;
use crate::upgrade;

/// A request as the core takes it. Each header is a search, so what decides nothing isn't looked
/// for.
pub(crate) fn request<'r>(
    config: &ServerConfig,
    parts: &'r Parts,
    connection: Connection,
) -> Request<'r> {
    let text = |is_wanted: bool, name: HeaderName| {
        if is_wanted { text(&parts.headers, name) } else { None }
    };
    let is_connect = connection.is_extended_connect;
    let is_get = parts.method == Method::GET;
    let is_preflight = parts.method == Method::OPTIONS;
    let upgrade = is_connect || upgrade::is_asked_for(&parts.headers);
    let origin = parts.headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    Request {
        // The core takes all WebSockets for those of HTTP/1.1.
        method: if is_connect { Method::GET.as_str() } else { parts.method.as_str() },
        target: parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str),
        upgrade,
        is_http_1_0: parts.version < Version::HTTP_11,
        origin,
        // It is compared with the origin.
        host: origin.and_then(|_| host(config, parts)),
        ambiguity: ambiguity(parts),
        content_type: text(parts.method == Method::POST, header::CONTENT_TYPE),
        accept_encoding: text(is_get && !upgrade, header::ACCEPT_ENCODING),
        sec_websocket_protocol: text(upgrade, header::SEC_WEBSOCKET_PROTOCOL),
        access_control_request_method: text(is_preflight, header::ACCESS_CONTROL_REQUEST_METHOD),
        access_control_request_headers: text(is_preflight, header::ACCESS_CONTROL_REQUEST_HEADERS),
    }
}

/// The host that the request was sent to.
fn host<'r>(config: &ServerConfig, parts: &'r Parts) -> Option<&'r str> {
    let text = |name: HeaderName| text(&parts.headers, name);
    let forwarded = config
        .trust_forwarded()
        .then(|| text(HeaderName::from_static("x-forwarded-host")))
        .flatten()
        .and_then(|hosts| hosts.split(',').next_back())
        .map(str::trim);
    let authority = || parts.uri.authority().map(http::uri::Authority::as_str);
    forwarded.or_else(|| text(header::HOST)).or_else(authority)
}

/// How a proxy in front may have read the request differently. An HTTP library that hides some of
/// it, as hyper does, hides it here too.
fn ambiguity(parts: &Parts) -> Option<Ambiguity> {
    // One walk costs less than a search for each.
    let (mut hosts, mut lengths, mut is_other) = (0, 0, false);
    for (name, value) in &parts.headers {
        if name == header::HOST {
            hosts += 1;
        } else if name == header::CONTENT_LENGTH {
            lengths += 1;
        } else if name == header::TRANSFER_ENCODING {
            lengths += 1;
            is_other |= !value.as_bytes().eq_ignore_ascii_case(b"chunked");
        }
    }
    let has_host = hosts == 1 || parts.version != Version::HTTP_11;
    if lengths > 1 {
        Some(Ambiguity::Length)
    } else if is_other {
        Some(Ambiguity::Coding)
    } else if hosts > 1 || !(has_host || parts.uri.authority().is_some()) {
        Some(Ambiguity::Host)
    } else {
        None
    }
}

/// How long the request says that its body is.
pub(crate) fn content_length(parts: &Parts) -> Option<usize> {
    text(&parts.headers, header::CONTENT_LENGTH)?.parse().ok()
}

/// A response that says with what its body is going to be compressed, if the core decided so.
pub(crate) fn response(response: Response) -> http::Response<Bytes> {
    let Response { status, headers, body, coding } = response;
    let mut answer = http::Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    extend(answer.headers_mut(), headers);
    if let Some(coding) = coding {
        let name = HeaderValue::from_static(coding.name());
        answer.headers_mut().insert(header::CONTENT_ENCODING, name);
    }
    answer
}
