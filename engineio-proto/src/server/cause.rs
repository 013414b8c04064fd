//! Why requests are refused, and what can be done about it.

use alloc::vec::Vec;
use core::fmt;

use bytestring::ByteString;

use super::connection_fault::ConnectionFault;
use crate::close::Violation;
use crate::cors::Cors;
use crate::excerpt::excerpt;
use crate::node_tag::NodeTag;

/// The cause of a refusal. Texts from the request are cut at 128 bytes.
///
/// `Display` says in a sentence what was wrong, and what to do about it on the server, the client
/// or a proxy between them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalCause {
    /// `transport` is missing, unknown or off: code 0.
    UnknownTransport(ByteString),
    /// There is no session of this `sid`: code 1.
    UnknownSession,
    /// A request without `sid` that isn't a GET: code 2.
    HandshakeMethod(ByteString),
    /// `Origin` isn't text: code 3.
    InvalidOrigin,
    /// `transport` doesn't fit the way in which the request came, or the transport
    /// that the session is on: code 3.
    TransportMismatch,
    /// `transport` is `websocket`, but the request doesn't ask for an upgrade, as a proxy leaves
    /// it that takes `Upgrade` and `Connection` away: code 3.
    UpgradeMissing,
    /// `EIO` isn't the session's: code 3.
    RevisionMismatch,
    /// A WebSocket for a session, where upgrades are off: code 3.
    UpgradeNotAllowed,
    /// The handshake asks for JSONP: code 3.
    Jsonp,
    /// The origin isn't served: code 4.
    Origin {
        /// The page's.
        origin: ByteString,
        /// The host that the request was sent to.
        host: ByteString,
        /// What the origin was compared with.
        rule: OriginRule,
    },
    /// `EIO` is unknown or off: code 5. Empty if it is missing, which stands for revision 3.
    UnsupportedRevision(ByteString),
    /// The path isn't the server's, and nothing else serves it: 404.
    Path {
        /// The path of the request.
        asked: ByteString,
        /// The server's.
        served: ByteString,
    },
    /// Two servers could read the request differently: 400, and its connection ends.
    Ambiguous(Ambiguity),
    /// A method that sessions have no use for: 405.
    Method(ByteString),
    /// The WebSocket handshake itself is broken: 400.
    WebSocketHandshake,
    /// A WebSocket was asked for over HTTP/1.0, where there is none: code 3.
    WebSocketOverHttp10,
    /// The server that passed the request on can't turn its connection into a WebSocket: 500.
    NoUpgrade,
    /// The client broke the protocol: 413 for a body that is too long, 408 for one that is too
    /// slow, otherwise 400.
    Violation(Violation),
    /// A POST brought messages although the application hasn't read the earlier ones: 503.
    Unread,
    /// All clients together hold [`max_memory`](crate::ServerConfig::max_memory), so there is none
    /// for the body of a POST: 503. Holds the seconds of `Retry-After`.
    Memory(u64),
    /// The session ended or moved to a WebSocket while the body of its POST was on its way: 400.
    Unfinished,
    /// A WebSocket for a session that has one: a close frame with the code 1008.
    SecondWebSocket,
    /// A WebSocket for a session that goes on over polling, since its upgrade wasn't completed.
    ProbeFailed(ProbeFailure),
    /// The application said no.
    Application {
        /// The status it chose.
        status: u16,
    },
    /// The application decided nothing about the handshake in time: 503. Holds the seconds of
    /// `Retry-After`.
    NotAccepted(u64),
    /// Too many handshakes wait for the application: 503. Holds the seconds of `Retry-After`.
    TooManyWaiting(u64),
    /// Too many sessions are open: 503. Holds the seconds of `Retry-After`.
    Overloaded(u64),
    /// Too many sessions of the client's address are open: 503. Holds the seconds of
    /// `Retry-After`.
    TooManyFromAddress(u64),
    /// Too many handshakes came in a second: 503. Holds the seconds of `Retry-After`.
    TooFast(u64),
    /// The server is closing: 503. Holds the seconds of `Retry-After`.
    Closing(u64),
    /// The session's node can't be reached, so that its sessions are unknown here: code 1.
    UnreachableNode(NodeTag),
    /// The session's node broke off before it answered: 502.
    LostNode(NodeTag),
    /// Too many requests and WebSockets are forwarded to other nodes: 503. Holds the seconds of
    /// `Retry-After`.
    TooManyForwards(u64),
    /// The connection was turned away before a request of it was understood.
    Connection(ConnectionFault),
}

/// What an origin was compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginRule {
    /// With the host of the request: [`Cors::SameOrigin`].
    Host,
    /// With a list, of which these are the first entries: [`Cors::List`].
    List(Vec<ByteString>),
    /// A function decided: [`Cors::Check`].
    Function,
}

impl OriginRule {
    pub(super) fn of(cors: &Cors) -> Self {
        match cors {
            Cors::List(list) => Self::List(list.iter().take(SHOWN).map(|it| excerpt(it)).collect()),
            Cors::Check(_) => Self::Function,
            Cors::SameOrigin | Cors::Any | Cors::Off => Self::Host,
        }
    }
}

/// How many entries of a list of origins are shown.
const SHOWN: usize = 8;

/// How two servers could read a request differently (RFC 9112, sections 3.2, 6.1 and 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ambiguity {
    /// It has a `Transfer-Encoding` and a `Content-Length`, or several of one.
    #[error("it says the length of its body in two ways")]
    Length,
    /// Its `Transfer-Encoding` isn't `chunked`.
    #[error("its `Transfer-Encoding` is not just `chunked`")]
    Coding,
    /// It has no `Host`, which HTTP/1.1 asks for, or several.
    #[error("it doesn't have exactly one `Host`")]
    Host,
}

/// How a WebSocket failed that was to take over a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeFailure {
    /// It ended before it said anything.
    #[error("it ended before its probe came")]
    Gone,
    /// It ended between the probe and the end of the upgrade.
    #[error("it ended after its probe")]
    GoneProbed,
    /// Nothing came within [`upgrade_timeout`](crate::ServerConfig::upgrade_timeout).
    #[error("its probe didn't come within `upgrade_timeout`")]
    Silent,
    /// The probe was answered, and nothing came within
    /// [`ping_timeout`](crate::ServerConfig::ping_timeout).
    #[error("nothing came after its probe within `ping_timeout`")]
    SilentProbed,
    /// It brought something else than a probe or the end of the upgrade.
    #[error("it brought something else than a probe")]
    Unexpected,
}

impl RefusalCause {
    /// A short name for metrics, such as `unknown_session`. It doesn't depend on what the client
    /// sent.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnknownTransport(_) => "unknown_transport",
            Self::UnknownSession => "unknown_session",
            Self::HandshakeMethod(_) => "handshake_method",
            Self::InvalidOrigin => "invalid_origin",
            Self::TransportMismatch => "transport_mismatch",
            Self::UpgradeMissing => "upgrade_missing",
            Self::RevisionMismatch => "revision_mismatch",
            Self::UpgradeNotAllowed => "upgrade_not_allowed",
            Self::Jsonp => "jsonp",
            Self::Origin { .. } => "origin",
            Self::UnsupportedRevision(_) => "unsupported_revision",
            Self::Path { .. } => "path",
            Self::Ambiguous(_) => "ambiguous",
            Self::Method(_) => "method",
            Self::WebSocketHandshake => "websocket_handshake",
            Self::WebSocketOverHttp10 => "websocket_over_http_1_0",
            Self::NoUpgrade => "no_upgrade",
            Self::Violation(violation) => violation.name(),
            Self::Unread => "unread",
            Self::Memory(_) => "memory",
            Self::Unfinished => "unfinished",
            Self::SecondWebSocket => "second_websocket",
            Self::ProbeFailed(_) => "probe_failed",
            Self::Application { .. } => "application",
            Self::NotAccepted(_) => "not_accepted",
            Self::TooManyWaiting(_) => "too_many_waiting",
            Self::Overloaded(_) => "overloaded",
            Self::TooManyFromAddress(_) => "too_many_sessions_from_address",
            Self::TooFast(_) => "too_many_handshakes",
            Self::Closing(_) => "closing",
            Self::UnreachableNode(_) => "unreachable_node",
            Self::LostNode(_) => "lost_node",
            Self::TooManyForwards(_) => "too_many_forwards",
            Self::Connection(fault) => fault.name(),
        }
    }

    /// Whether the application itself wanted it: it said no, or it closes the server.
    pub const fn is_wanted(&self) -> bool {
        matches!(self, Self::Application { .. } | Self::Closing(_))
    }
}

impl fmt::Display for RefusalCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTransport(name) if name.is_empty() => f.write_str(
                "the query has no `transport`: this isn't an Engine.IO client, or a proxy dropped \
                 the query",
            ),
            Self::UnknownTransport(name) => write!(
                f,
                "the transport {name:?} is unknown or disabled: compare the `transports` of server \
                 and client"
            ),
            Self::UnknownSession => f.write_str(
                "no session has this `sid`: it has ended, the server was restarted, or several \
                 servers run behind a balancer that isn't sticky: make them a cluster",
            ),
            Self::HandshakeMethod(method) | Self::Method(method) if method == "CONNECT" => f
                .write_str(
                    "a CONNECT without the `:protocol` `websocket`, so no WebSocket over HTTP/2: \
                     this isn't an Engine.IO client, or the framework drops the extensions of \
                     the request, where hyper keeps the protocol",
                ),
            Self::HandshakeMethod(method) => write!(
                f,
                "a handshake is a GET, and this is a {method}: did a proxy drop the `sid` from \
                 the query?"
            ),
            Self::InvalidOrigin => f.write_str("`Origin` isn't text: no browser sent this"),
            Self::TransportMismatch => f.write_str(
                "the `transport` of the query isn't the one that the request or its session \
                 uses: a fault of the client",
            ),
            Self::UpgradeMissing => f.write_str(
                "a WebSocket was asked for without `Upgrade: websocket` and `Connection: \
                 upgrade`: let the proxy in front pass both on (nginx: `proxy_http_version \
                 1.1`, `proxy_set_header Upgrade $http_upgrade`, `proxy_set_header Connection \
                 \"upgrade\"`)",
            ),
            Self::RevisionMismatch => {
                f.write_str("`EIO` isn't that of the handshake: a fault of the client")
            }
            Self::UpgradeNotAllowed => f.write_str(
                "a WebSocket for a session, but `allow_upgrades` or the transport is off here, and \
                 the handshake said so: a fault of the client",
            ),
            Self::Jsonp => {
                f.write_str("JSONP is off: turn it off in the client, too, or on here with `jsonp`")
            }
            Self::Origin { origin, host, rule } => origin_refused(f, origin, host, rule),
            Self::UnsupportedRevision(revision) if revision.is_empty() => f.write_str(
                "the handshake has no `EIO`, which stands for revision 3, and that is disabled: \
                 enable it with `revisions`; or this isn't an Engine.IO client",
            ),
            Self::UnsupportedRevision(revision) => write!(
                f,
                "revision {revision:?} of the protocol is unknown or disabled: enable it with \
                 `revisions`, or use another version of the client (up to Socket.IO 2 they speak 3, \
                 later ones 4)"
            ),
            Self::Path { asked, served } => write!(
                f,
                "{asked:?} was asked for, and {served:?} is served: give server and client the \
                 same `path`; a service under a path of its own (axum's `nest_service`) sees \
                 only the rest of it and needs `every_path()`"
            ),
            Self::Ambiguous(how) => write!(
                f,
                "two servers could read this request differently, as {how}: a broken client or \
                 proxy, or an attempt to smuggle a request past one"
            ),
            Self::Method(method) => write!(
                f,
                "a session has no use for the method {method}: Engine.IO clients use GET and \
                 POST, and WebSockets GET"
            ),
            Self::WebSocketHandshake => f.write_str(
                "the WebSocket handshake is broken: it needs HTTP/1.1 and a `Sec-WebSocket-Key` of \
                 16 bytes, or an extended CONNECT of HTTP/2, and the version 13; does a proxy \
                 change it?",
            ),
            Self::WebSocketOverHttp10 => f.write_str(
                "a WebSocket was asked for over HTTP/1.0, which has none: let the proxy in front \
                 speak HTTP/1.1 and pass `Upgrade` and `Connection` on (nginx: \
                 `proxy_http_version 1.1`, `proxy_set_header Upgrade $http_upgrade`, \
                 `proxy_set_header Connection \"upgrade\"`)",
            ),
            Self::NoUpgrade => f.write_str(
                "a WebSocket was asked for, but the framework doesn't pass the connection's \
                 upgrade on: serve connections with upgrades (hyper's `with_upgrades`), and keep \
                 the request's extensions; until a WebSocket gets through, handshakes offer none",
            ),
            Self::Violation(violation) => violation.explain(f),
            Self::Unread => f.write_str(
                "the application doesn't read the session's messages as fast as they come: \
                 receive faster, or raise `inbox_high_water`",
            ),
            Self::Memory(_) => f.write_str(
                "what clients sent and what they don't read fills `max_memory`: raise it if the \
                 machine has more, or lower `max_payload`, `outbox_high_water` and \
                 `inbox_high_water`; is somebody sending bodies that never finish?",
            ),
            Self::Unfinished => f.write_str(
                "the session ended or moved to a WebSocket while the body of a POST was on its \
                 way: a slow client, or one that posts during its upgrade",
            ),
            Self::SecondWebSocket => f.write_str(
                "the session has a WebSocket already, and keeps that one: a client that \
                 connects twice with the same `sid`",
            ),
            Self::ProbeFailed(how) => write!(
                f,
                "a WebSocket didn't take over, as {how}; the session goes on over polling: the \
                 client left, or a proxy in front doesn't carry WebSockets, or ends them early"
            ),
            Self::Application { status } => {
                write!(f, "the application refused the client with {status}")
            }
            Self::NotAccepted(_) => f.write_str(
                "the application didn't decide about the handshake within `accept_timeout`: does \
                 anything call `accept()`, `incoming()` or `events()`, has that loop ended or does it \
                 wait for something else, or does the login take longer?",
            ),
            Self::TooManyWaiting(_) => f.write_str(
                "`max_waiting` handshakes wait for the application: does its loop around \
                 `accept()`, `incoming()` or `events()` wait for something else?",
            ),
            Self::Overloaded(_) => {
                f.write_str("`max_sessions` are open: raise it, or add a server")
            }
            Self::TooManyFromAddress(_) => f.write_str(
                "`max_sessions_per_address` of this address are open: one client's flood, or many \
                 clients behind one address; behind a proxy, is `trust_forwarded` on?",
            ),
            Self::TooFast(_) => f.write_str(
                "more than `max_handshakes_per_second` came: a flood, or all clients reconnecting at \
                 once, which only random delays in the clients can spread",
            ),
            Self::Closing(_) => f.write_str("the server is closing"),
            Self::UnreachableNode(node) => write!(
                f,
                "the `sid` names the node {node:?}, which can't be reached: it has ended, the \
                 network between the nodes is broken, or the directory doesn't know it; or the \
                 client made it up"
            ),
            Self::LostNode(node) => write!(
                f,
                "the node {node:?} broke off a request that was forwarded to it: it has ended, or \
                 the network between the nodes is broken"
            ),
            Self::TooManyForwards(_) => f.write_str(
                "`max_forwards` requests and WebSockets are forwarded to other nodes: raise it, \
                 add a node, or let the balancer send requests where their `sid` says",
            ),
            Self::Connection(fault) => fault.fmt(f),
        }
    }
}

fn origin_refused(
    f: &mut fmt::Formatter<'_>,
    origin: &str,
    host: &str,
    rule: &OriginRule,
) -> fmt::Result {
    match rule {
        OriginRule::Host => write!(
            f,
            "the origin {origin:?} isn't the host {host:?} that the request was sent to: allow \
             it with `cors`; behind a proxy, let that pass `Host` on with its port (nginx: \
             `proxy_set_header Host $http_host`), or set `X-Forwarded-Host`, with \
             `trust_forwarded` here"
        ),
        OriginRule::List(list) => {
            write!(f, "the origin {origin:?} isn't in the list of `cors`, which has ")?;
            f.debug_list().entries(list).finish()?;
            f.write_str(": add it as the browser writes it, with its scheme and port")
        }
        OriginRule::Function => {
            write!(f, "the function of `cors` doesn't allow the origin {origin:?}")
        }
    }
}

impl From<Violation> for RefusalCause {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl Violation {
    /// A short name for metrics, such as `too_large`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Packet(_) => "invalid_packet",
            Self::Unexpected(_) => "unexpected_packet",
            Self::HeartbeatDirection => "heartbeat_direction",
            Self::OverlappingPolls => "overlapping_polls",
            Self::OverlappingPosts => "overlapping_posts",
            Self::BinaryBody => "binary_body",
            Self::Framing => "framing",
            Self::TooLarge => "too_large",
            Self::SlowBody => "slow_body",
        }
    }

    /// The status of the answer to a POST or GET that broke the protocol in this way.
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::SlowBody => 408,
            Self::Packet(_)
            | Self::Unexpected(_)
            | Self::HeartbeatDirection
            | Self::OverlappingPolls
            | Self::OverlappingPosts
            | Self::BinaryBody
            | Self::Framing => 400,
        }
    }

    fn explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}: ")?;
        f.write_str(match self {
            Self::Packet(_) | Self::Unexpected(_) | Self::HeartbeatDirection => {
                "a fault of the client, or of a proxy that changes bodies"
            }
            Self::OverlappingPolls | Self::OverlappingPosts => {
                "two clients share a `sid`, or a proxy repeats requests"
            }
            Self::BinaryBody => "revision 4 sends binary as base64; does `EIO` fit the client?",
            Self::Framing => "a broken client or proxy",
            Self::TooLarge => {
                "raise `max_payload`, or send less at a time; does the client keep to the \
                 `maxPayload` of its handshake?"
            }
            Self::SlowBody => "a slow network, or a client that stalls: see `body_timeout`",
        })
    }
}
