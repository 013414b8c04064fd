//! The inputs and outputs of a session, as owned plain data.

use core::fmt;

use bytes::Bytes;

use super::exchange::Exchange;
use super::refusal::Refusal;
use crate::close::{CloseCode, ServerCloseReason, Violation};
use crate::conn::{ConnId, Failure};
use crate::excerpt::Excerpt;
use crate::frame::Frame;
use crate::http::{Headers, Response};
use crate::inbox;
use crate::packet::Message;
use crate::transport::Transport;

/// A fact about the network.
#[derive(Clone)]
#[expect(clippy::exhaustive_enums, reason = "these are all the facts there are")]
pub enum Input {
    /// A request that [`route`](super::route) assigned to this session. It will be
    /// answered with one [`Transmit::Respond`] or [`Transmit::Refuse`], or with
    /// [`Transmit::Upgrade`], what frames there are, and one [`Transmit::Hangup`].
    Request(ConnId, Exchange),
    /// The whole body of a POST. One longer than [`max_payload`](crate::ServerConfig::max_payload)
    /// is answered like [`Failure::TooLarge`], so a driver need not read that much of it.
    Body(ConnId, Bytes),
    /// A whole message of an upgraded connection.
    Frame(ConnId, Frame),
    /// A connection failed.
    Failed(ConnId, Failure),
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(conn, exchange) => {
                f.debug_tuple("Request").field(conn).field(exchange).finish()
            }
            Self::Body(conn, body) => {
                f.debug_tuple("Body").field(conn).field(&Excerpt::binary(body)).finish()
            }
            Self::Frame(conn, frame) => f.debug_tuple("Frame").field(conn).field(frame).finish(),
            Self::Failed(conn, why) => f.debug_tuple("Failed").field(conn).field(why).finish(),
        }
    }
}

impl Failure {
    /// Why a request that failed is refused; none if it can't be answered.
    pub(super) const fn violation(self) -> Option<Violation> {
        match self {
            Self::Gone | Self::Closed(_) => None,
            Self::TooLarge => Some(Violation::TooLarge),
            Self::Malformed => Some(Violation::Framing),
            Self::TimedOut => Some(Violation::SlowBody),
        }
    }
}

/// Something to write to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Transmit {
    /// Answer the request. Nothing comes after it.
    Respond(Response),
    /// Answer the request with [`Refusal::response`]. Nothing comes after it.
    Refuse(Refusal),
    /// Answer with 101, or over HTTP/2 with 200, and these headers, beside those of the WebSocket
    /// handshake.
    Upgrade(Headers),
    /// Send this frame.
    Frame(Frame),
    /// Flush what was sent, then a close frame with this code and no reason. Nothing
    /// comes after it.
    Hangup(CloseCode),
}

impl Transmit {
    /// The same, with a refusal as a plain response, for a driver that tells nobody why.
    #[must_use]
    pub fn plain(self) -> Self {
        match self {
            Self::Refuse(refusal) => Self::Respond(refusal.response()),
            Self::Respond(_) | Self::Upgrade(_) | Self::Frame(_) | Self::Hangup(_) => self,
        }
    }
}

/// Something that the application has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message of the peer.
    Message(Message),
    /// The session moved to this transport.
    Upgraded(Transport),
    /// The session ended. The last event, exactly once.
    Closed(ServerCloseReason),
}

impl inbox::Event for Event {
    fn of(message: Message) -> Self {
        Self::Message(message)
    }

    fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Upgraded(_) | Self::Closed(_) => None,
        }
    }
}
