//! The inputs and outputs of a session, as owned plain data.

use bytes::Bytes;

use super::exchange::Exchange;
use crate::close::{CloseCode, ServerCloseReason};
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::http::{Headers, Response};
use crate::inbox;
use crate::packet::Message;
use crate::transport::Transport;

/// A fact about the network.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "these are all the facts there are")]
pub enum Input {
    /// A request that [`route`](super::route) assigned to this session. It will be
    /// answered with one [`Transmit::Respond`], or with [`Transmit::Upgrade`], what
    /// frames there are, and one [`Transmit::Hangup`].
    Request(ConnId, Exchange),
    /// The whole body of a POST. One longer than [`max_payload`](crate::ServerConfig::max_payload)
    /// is answered like [`Failure::TooLarge`], so a driver need not read that much of it.
    Body(ConnId, Bytes),
    /// A whole message of an upgraded connection.
    Frame(ConnId, Frame),
    /// A connection failed.
    Failed(ConnId, Failure),
}

impl Failure {
    /// The status for a request that failed; none if it can't be answered.
    pub(super) const fn status(self) -> Option<u16> {
        match self {
            Self::Gone | Self::Closed(_) => None,
            Self::TooLarge => Some(413),
            Self::Malformed => Some(400),
            Self::TimedOut => Some(408),
        }
    }
}

/// Something to write to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Transmit {
    /// Answer the request. Nothing comes after it.
    Respond(Response),
    /// Answer with 101 and these headers, beside those of the WebSocket handshake.
    Upgrade(Headers),
    /// Send this frame.
    Frame(Frame),
    /// Flush what was sent, then a close frame with this code and no reason. Nothing
    /// comes after it.
    Hangup(CloseCode),
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
