//! Heads of requests and answers that pass from one node to another.

use std::fmt::Write as _;
use std::iter;
use std::net::IpAddr;

use bytes::BytesMut;
use engineio_proto::NodeTag;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request, Version};

use crate::head::RequestHead;

/// Makes the head of a request one for another node, whose place is a URL. `None`: no request can
/// have the two paths together.
pub(crate) fn forwarded(
    mut head: Parts,
    place: &Uri,
    has_body: bool,
    is_websocket: bool,
    client: Option<IpAddr>,
    by: Option<NodeTag>,
) -> Option<Parts> {
    strip(&mut head.headers);
    let headers = &mut head.headers;
    // The one that is sent to waits for no answer to it.
    headers.remove(header::EXPECT);
    if !has_body {
        headers.remove(header::CONTENT_LENGTH);
    }
    // Over HTTP/2 the host is a part of the URL.
    if let (false, Some(host)) = (headers.contains_key(header::HOST), head.uri.authority()) {
        headers.insert(header::HOST, HeaderValue::from_str(host.as_str()).ok()?);
    }
    if is_websocket {
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        if head.method == Method::CONNECT {
            let key = tungstenite::handshake::client::generate_key();
            headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_str(&key).ok()?);
            head.method = Method::GET;
        }
    }
    if let Some(client) = client {
        add_client(headers, client);
    }
    headers.insert(HOP, mark(by));
    head.uri = at(place, head.uri)?;
    head.version = Version::HTTP_11;
    head.extensions.clear();
    Some(head)
}

/// Makes the headers of another node's answer ones for the client, whose connection goes on or ends.
pub(crate) fn answered(headers: &mut HeaderMap, is_last: bool) {
    strip(headers);
    if is_last {
        headers.insert(header::CONNECTION, const { HeaderValue::from_static("close") });
    }
}

/// Whether another node asks to take back what passes through it.
pub(crate) fn is_farewell(head: &RequestHead<'_>) -> bool {
    head.method == Method::DELETE && head.fields.has_hopped
}

/// What a farewell needs of the target of a poll or WebSocket: the session. `None`: that is too much
/// to keep.
pub(crate) fn farewell_target(asked: &str) -> Option<Box<str>> {
    let (path, query) = asked.split_once('?').unwrap_or((asked, ""));
    let pairs = query.split('&');
    let named = pairs.filter(|pair| NAMES.iter().any(|name| pair.starts_with(name)));
    let length = path.len() + named.clone().map(|pair| 1 + pair.len()).sum::<usize>();
    if length > MOST_OF_A_TARGET {
        return None;
    }
    let mut target = String::with_capacity(length);
    target.push_str(path);
    for (before, pair) in iter::once('?').chain(iter::repeat('&')).zip(named) {
        target.push(before);
        target.push_str(pair);
    }
    Some(target.into())
}

/// Makes the head of a farewell to the node at this place. `None`: the place is no URL of a host.
pub(crate) fn farewell(place: &Uri, target: &str, by: Option<NodeTag>) -> Option<Parts> {
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = Method::DELETE;
    head.uri = at(place, target.parse().ok()?)?;
    head.headers.insert(HOP, mark(by));
    Some(head)
}

/// What marks a request that this node sends to another.
fn mark(by: Option<NodeTag>) -> HeaderValue {
    let by = by.and_then(|by| HeaderValue::from_str(by.as_str()).ok());
    by.unwrap_or(const { HeaderValue::from_static("-") })
}

/// Removes what was meant for one connection (RFC 9110, section 7.6.1).
fn strip(headers: &mut HeaderMap) {
    let connection: Vec<_> = headers.get_all(header::CONNECTION).iter().cloned().collect();
    headers.remove(header::CONNECTION);
    for name in connection.iter().flat_map(|names| names.as_bytes().split(|byte| *byte == b',')) {
        if let Ok(name) = HeaderName::from_bytes(name.trim_ascii()) {
            headers.remove(name);
        }
    }
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
}

/// Adds the client to those that the request has come from.
fn add_client(headers: &mut HeaderMap, client: IpAddr) {
    let mut all = BytesMut::new();
    for before in headers.get_all(FORWARDED_FOR) {
        all.extend_from_slice(before.as_bytes());
        all.extend_from_slice(b", ");
    }
    if write!(all, "{client}").is_ok()
        && let Ok(all) = HeaderValue::from_maybe_shared(all.freeze())
    {
        headers.insert(FORWARDED_FOR, all);
    }
}

/// The URL of the request at this place, whose own path stands in front.
fn at(place: &Uri, asked: Uri) -> Option<Uri> {
    let mut parts = place.clone().into_parts();
    let prefix = place.path().trim_end_matches('/');
    let path = asked.into_parts().path_and_query;
    parts.path_and_query = if prefix.is_empty() {
        path
    } else {
        let path = path.as_ref().map_or("/", PathAndQuery::as_str);
        Some(PathAndQuery::from_maybe_shared(format!("{prefix}{path}")).ok()?)
    };
    Uri::from_parts(parts).ok()
}

const HOP: HeaderName = HeaderName::from_static(crate::head::HOP);

/// The parts of a query that say which session it is, and on which transport.
const NAMES: [&str; 3] = ["EIO=", "transport=", "sid="];

/// How much of a target is kept for a farewell, in bytes.
const MOST_OF_A_TARGET: usize = 512;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The headers of a connection, beside those that `Connection` names.
const OF_A_CONNECTION: [HeaderName; 9] = [
    header::UPGRADE,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("http2-settings"),
];
