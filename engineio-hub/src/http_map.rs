//! Conversions between the `http` crate's types and the core's plain data.

use bytes::Bytes;
use engineio_proto::server::Ambiguity;
use engineio_proto::{Request, Response, ServerConfig};
use http::header::{self, HeaderValue};
use http::{Method, StatusCode, Version};

use crate::head::{RequestHead, text};
use crate::headers::extend;
use crate::server::Connection;

/// A request as the core takes it, without what decides nothing.
pub(crate) fn request<'r>(
    config: &ServerConfig,
    head: &'r RequestHead<'_>,
    connection: Connection,
) -> Request<'r> {
    let fields = &head.fields;
    let wanted =
        |is_wanted: bool, value: Option<&'r [u8]>| value.filter(|_| is_wanted).and_then(text);
    let is_connect = connection.is_extended_connect;
    let is_get = head.method == Method::GET.as_str();
    let is_post = head.method == Method::POST.as_str();
    let is_preflight = head.method == Method::OPTIONS.as_str();
    let upgrade = is_connect || fields.ask_for_websocket();
    Request {
        // The core takes all WebSockets for those of HTTP/1.1.
        method: if is_connect { Method::GET.as_str() } else { head.method },
        target: &head.target,
        upgrade,
        is_http_1_0: head.version < Version::HTTP_11,
        origin: fields.origin,
        // It is compared with the origin.
        host: fields.origin.and_then(|_| host(config, head)),
        ambiguity: ambiguity(head),
        content_type: wanted(is_post, fields.content_type),
        accept_encoding: wanted(is_get && !upgrade, fields.accept_encoding),
        sec_websocket_protocol: wanted(upgrade, fields.websocket_protocol),
        access_control_request_method: wanted(is_preflight, fields.access_control_request_method),
        access_control_request_headers: wanted(is_preflight, fields.access_control_request_headers),
    }
}

/// The host that the request was sent to.
fn host<'r>(config: &ServerConfig, head: &'r RequestHead<'_>) -> Option<&'r str> {
    let forwarded = head.fields.forwarded_host.filter(|_| config.trust_forwarded());
    let forwarded = forwarded.and_then(text).and_then(|hosts| hosts.split(',').next_back());
    let named = || head.fields.host.and_then(text);
    forwarded.map(str::trim).or_else(named).or(head.authority.as_deref())
}

/// How a proxy in front may have read the request differently. An HTTP library that hides some of
/// it, as hyper does, hides it here too.
fn ambiguity(head: &RequestHead<'_>) -> Option<Ambiguity> {
    let fields = &head.fields;
    let has_host = fields.hosts == 1 || head.version != Version::HTTP_11;
    if fields.content_lengths.saturating_add(fields.transfer_codings) > 1 {
        Some(Ambiguity::Length)
    } else if fields.has_other_coding {
        Some(Ambiguity::Coding)
    } else if fields.hosts > 1 || !(has_host || head.authority.is_some()) {
        Some(Ambiguity::Host)
    } else {
        None
    }
}

/// How long the request says that its body is.
pub(crate) fn content_length(head: &RequestHead<'_>) -> Option<usize> {
    text(head.fields.content_length?)?.parse().ok()
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
