//! Why sessions end.

use core::fmt;

use crate::error::DecodeError;
use crate::packet::PacketType;

/// Why a session ended. There is one for every session, and it is final.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerCloseReason {
    /// This side closed it.
    Application,
    /// This side closed it because the server stops.
    Shutdown,
    /// The peer closed it, with a close packet or by closing the WebSocket.
    Peer,
    /// The peer's heartbeat stayed out.
    PingTimeout,
    /// A connection broke while the session depended on it: its WebSocket, a POST half-way,
    /// the handshake before its answer, or a waiting poll that none followed within
    /// [`poll_grace`](crate::ServerConfig::poll_grace).
    TransportLost,
    /// The handshake was answered, but the client didn't come back within
    /// [`ping_timeout`](crate::ServerConfig::ping_timeout).
    Abandoned,
    /// The application left received messages unread for
    /// [`stall_timeout`](crate::ServerConfig::stall_timeout), the peer sent more of them without
    /// waiting, or the application ended the session itself for having too much to send to it.
    Overloaded,
    /// The application's handler panicked.
    Panicked,
    /// The peer broke the protocol.
    Violation(Violation),
}

impl ServerCloseReason {
    /// The reason that the reference server gives in this case, one of `forced close`,
    /// `transport close`, `transport error`, `ping timeout` and `parse error`
    /// (`onClose` of `engine.io/lib/socket.ts`). For logs that are compared with its.
    pub const fn reference_name(&self) -> &'static str {
        match self {
            Self::Application | Self::Shutdown | Self::Overloaded | Self::Panicked => {
                "forced close"
            }
            Self::Peer => "transport close",
            Self::PingTimeout | Self::Abandoned => "ping timeout",
            Self::Violation(Violation::Packet(_)) => "parse error",
            Self::TransportLost | Self::Violation(_) => "transport error",
        }
    }
}

impl From<Violation> for ServerCloseReason {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl fmt::Display for ServerCloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application => f.write_str("closed by the application"),
            Self::Shutdown => f.write_str("the server stops"),
            Self::Peer => f.write_str("closed by the peer"),
            Self::PingTimeout => f.write_str("the peer's heartbeat stayed out"),
            Self::TransportLost => f.write_str("the connection broke"),
            Self::Abandoned => f.write_str("the client never came back after the handshake"),
            Self::Panicked => f.write_str("the application's handler panicked"),
            Self::Overloaded => f.write_str("too much waited to be read"),
            Self::Violation(violation) => violation.fmt(f),
        }
    }
}

/// What a peer did that the protocol forbids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// It sent what isn't a packet.
    #[error("the peer sent no legal packet: {0}")]
    Packet(DecodeError),
    /// It sent a packet of this type where there is no place for it.
    #[error("the peer sent a packet of the type {0:?} where it has no place")]
    Unexpected(PacketType),
    /// It sent a ping where it has to answer pings, or the other way round.
    #[error("the peer's heartbeat goes in the wrong direction")]
    HeartbeatDirection,
    /// It polled while an earlier poll was waiting.
    #[error("the peer polls twice at a time")]
    OverlappingPolls,
    /// It posted while an earlier POST was under way.
    #[error("the peer posts twice at a time")]
    OverlappingPosts,
    /// It posted octets, which revision 4 doesn't know.
    #[error("the peer posts a binary body in revision 4")]
    BinaryBody,
    /// It broke the rules of HTTP or WebSocket.
    #[error("the peer broke the framing of its connection")]
    Framing,
    /// Its WebSocket message is longer than `max_payload`.
    #[error("the peer's message is longer than `max_payload`")]
    TooLarge,
    /// The body of its POST didn't arrive in time.
    #[error("the body of the peer's POST didn't arrive in time")]
    SlowBody,
}

/// The code of a WebSocket's close frame (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "it is a number")]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The session is over, all is well.
    pub const NORMAL: Self = Self(1000);
    /// The server stops.
    pub const AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// The connection ended without a close frame. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// The peer may not do this, here: open a second WebSocket.
    pub const POLICY: Self = Self(1008);
    /// The peer's message is too long.
    pub const TOO_LARGE: Self = Self(1009);
    /// This side failed.
    pub const INTERNAL: Self = Self(1011);
}

impl ServerCloseReason {
    /// What a WebSocket is told when its session ends for this reason.
    pub(crate) const fn code(&self) -> CloseCode {
        match self {
            Self::Application
            | Self::Peer
            | Self::PingTimeout
            | Self::TransportLost
            | Self::Abandoned => CloseCode::NORMAL,
            Self::Shutdown => CloseCode::AWAY,
            Self::Overloaded => CloseCode::POLICY,
            Self::Panicked => CloseCode::INTERNAL,
            Self::Violation(Violation::TooLarge) => CloseCode::TOO_LARGE,
            Self::Violation(_) => CloseCode::PROTOCOL,
        }
    }
}
