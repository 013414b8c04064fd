//! Why sessions end.

use alloc::format;
use alloc::string::String;

use crate::error::DecodeError;
use crate::packet::PacketType;

/// Why a session ended. Every session has exactly one reason, and it is final.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerCloseReason {
    /// The application closed it.
    #[error("closed by the application")]
    Application,
    /// The server shuts down, or the node of its cluster through which the client's WebSocket passes.
    #[error("the server shuts down")]
    Shutdown,
    /// The peer closed it: with a close packet, or its WebSocket, with this code. A close frame
    /// without a code is [`NO_STATUS`](CloseCode::NO_STATUS), the end of the stream without a
    /// close frame [`ABNORMAL`](CloseCode::ABNORMAL).
    #[error("closed by the peer{}", with_code(*.0))]
    Peer(Option<CloseCode>),
    /// No heartbeat came from the peer in time.
    #[error("ping timeout: no heartbeat from the peer")]
    PingTimeout,
    /// A connection broke while the session depended on it: its WebSocket, a POST half-way,
    /// the handshake before its answer, or a waiting poll that none followed within
    /// [`poll_grace`](crate::ServerConfig::poll_grace).
    #[error("the connection to the peer was lost")]
    TransportLost,
    /// The handshake was answered, but the client didn't come back within
    /// [`ping_timeout`](crate::ServerConfig::ping_timeout).
    #[error("the client didn't come back after the handshake")]
    Abandoned,
    /// The application left received messages unread for
    /// [`stall_timeout`](crate::ServerConfig::stall_timeout), or the peer took nothing for so
    /// long while [input was coupled](crate::server::Session::couple_input); the peer sent more
    /// messages without waiting, or the application ended the session itself for having too much
    /// to send to it. Or it held much and didn't get on while all sessions together held
    /// [`max_memory`](crate::ServerConfig::max_memory).
    #[error("overloaded: the application or the peer didn't keep up")]
    Overloaded,
    /// The application's handler panicked.
    #[error("the application's handler panicked")]
    Panicked,
    /// The peer broke the protocol.
    #[error("{0}")]
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
            Self::Peer(_) => "transport close",
            Self::PingTimeout | Self::Abandoned => "ping timeout",
            Self::Violation(Violation::Packet(_)) => "parse error",
            Self::TransportLost | Self::Violation(_) => "transport error",
        }
    }
}

impl ServerCloseReason {
    /// A short name for metrics, such as `ping_timeout`. Of a violation, it is the violation's.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Shutdown => "shutdown",
            Self::Peer(_) => "peer",
            Self::PingTimeout => "ping_timeout",
            Self::TransportLost => "transport_lost",
            Self::Abandoned => "abandoned",
            Self::Overloaded => "overloaded",
            Self::Panicked => "panicked",
            Self::Violation(violation) => violation.name(),
        }
    }
}

impl From<Violation> for ServerCloseReason {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// A way in which a peer broke the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// It sent something that isn't a packet.
    #[error("the peer sent an invalid packet: {0}")]
    Packet(DecodeError),
    /// It sent a packet of this type at a point where the protocol has none.
    #[error("the peer sent an unexpected packet of type {0:?}")]
    Unexpected(PacketType),
    /// It sent a ping where it has to answer pings, or the other way round.
    #[error("the peer sent its heartbeat in the wrong direction")]
    HeartbeatDirection,
    /// It polled while an earlier poll was waiting.
    #[error("the peer sent overlapping polls")]
    OverlappingPolls,
    /// It posted while an earlier POST was under way.
    #[error("the peer sent overlapping POSTs")]
    OverlappingPosts,
    /// It posted octets, which revision 4 doesn't know.
    #[error("the peer sent a binary POST in revision 4")]
    BinaryBody,
    /// It broke the rules of HTTP or WebSocket.
    #[error("the peer broke the rules of HTTP or WebSocket")]
    Framing,
    /// Its message or the body of its POST is longer than `max_payload`. A POST ends its session
    /// only if the client leaves for it.
    #[error("the peer sent a message longer than `max_payload`")]
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
    /// The server shuts down.
    pub const AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// The close frame has no code. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// The connection ended without a close frame. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// The peer broke a rule of this side: it opened a second WebSocket, or a session is
    /// overloaded.
    pub const POLICY: Self = Self(1008);
    /// The peer's message is too long.
    pub const TOO_LARGE: Self = Self(1009);
    /// This side failed.
    pub const INTERNAL: Self = Self(1011);
}

/// For the text of a reason.
pub(crate) fn with_code(code: Option<CloseCode>) -> String {
    code.map(|code| format!(" with code {}", code.0)).unwrap_or_default()
}

impl ServerCloseReason {
    /// The close code for the WebSocket of a session that ends for this reason.
    pub(crate) const fn code(&self) -> CloseCode {
        match self {
            Self::Application
            | Self::Peer(_)
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
