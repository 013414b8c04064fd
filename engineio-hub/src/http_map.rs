//! Conversions between the `http` crate's types and the core's plain data.

use bytes::Bytes;
use engineio_proto::server::Ambiguity;
use engineio_proto::{Headers, Request, Response, ServerConfig};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode, Version};

/// A request as the core takes it. Each header is a search, so what decides nothing isn't looked
/// for.
pub(crate) fn request<'r>(config: &ServerConfig, parts: &'r Parts) -> Request<'r> {
    let text = |is_wanted: bool, name: HeaderName| {
        if is_wanted { text(&parts.headers, name) } else { None }
    };
    let is_get = parts.method == Method::GET;
    let is_preflight = parts.method == Method::OPTIONS;
    let upgrade = asks_for_websocket(parts);
    let origin = parts.headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    Request {
        method: parts.method.as_str(),
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

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
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

fn asks_for_websocket(parts: &Parts) -> bool {
    has_token(&parts.headers, header::UPGRADE, "websocket")
        && has_token(&parts.headers, header::CONNECTION, "upgrade")
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|it| it.trim().eq_ignore_ascii_case(token))
}

/// The value of `Sec-WebSocket-Accept`, if the WebSocket handshake is valid (RFC 6455, section
/// 4.2.1).
pub(crate) fn websocket_accept(parts: &Parts) -> Option<HeaderValue> {
    let text = |name: HeaderName| text(&parts.headers, name);
    let key = text(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == KEY_LEN);
    let is_sound = parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && text(header::SEC_WEBSOCKET_VERSION) == Some("13");
    let accept = tungstenite::handshake::derive_accept_key(key.filter(|_| is_sound)?.as_bytes());
    HeaderValue::from_str(&accept).ok()
}

/// 16 bytes in base64.
const KEY_LEN: usize = 24;

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

/// The response 101.
pub(crate) fn switching_protocols(accept: HeaderValue, headers: Headers) -> http::Response<()> {
    let mut answer = http::Response::new(());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let fields = answer.headers_mut();
    fields.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    fields.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    fields.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    extend(fields, headers);
    answer
}

/// The core rejects illegal headers, so none is lost here.
fn extend(fields: &mut HeaderMap, headers: Headers) {
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
