//! What goes into a session and what comes out of it, as owned plain data.

use bytes::Bytes;

use super::exchange::Exchange;
use crate::close::{CloseCode, CloseReason};
use crate::frame::Frame;
use crate::http::{Headers, Response};
use crate::packet::Message;
use crate::transport::Transport;

/// A request, or the connection that a request was upgraded to, in the caller's
/// own numbering. Never reuse a number within a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "the caller makes them")]
pub struct ConnId(pub u64);

/// A fact about the network.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "these are all the facts there are")]
pub enum Input {
    /// A request that [`route`](super::route) assigned to this session. It will be
    /// answered with one [`Transmit::Respond`], or with [`Transmit::Upgrade`], what
    /// frames there are, and one [`Transmit::Hangup`].
    Request(ConnId, Exchange),
    /// The whole body of a POST. One longer than [`max_payload`](crate::Config::max_payload)
    /// is answered like [`Failure::TooLarge`]: better not to read so much of it.
    Body(ConnId, Bytes),
    /// A whole message of an upgraded connection.
    Frame(ConnId, Frame),
    /// Something ended that should have gone on.
    Failed(ConnId, Failure),
}

/// Why a request or connection can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new failure needs a ruling in the machine")]
pub enum Failure {
    /// The connection is gone: nothing more can be read or written.
    Gone,
    /// The peer closed its WebSocket with this code.
    Closed(CloseCode),
    /// The body or message is longer than [`max_payload`](crate::Config::max_payload).
    /// The connection can still be written to.
    TooLarge,
    /// What arrived breaks HTTP's or WebSocket's rules. The connection can still be
    /// written to.
    Malformed,
    /// What should have arrived didn't in time. The connection can still be written to.
    TimedOut,
}

impl Failure {
    /// The answer to a request that failed so, unless nobody would hear it.
    pub(super) const fn status(self) -> Option<u16> {
        match self {
            Self::Gone | Self::Closed(_) => None,
            Self::TooLarge => Some(413),
            Self::Malformed => Some(400),
            Self::TimedOut => Some(408),
        }
    }
}

/// What to write to a connection.
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

/// What the application has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message of the peer.
    Message(Message),
    /// The session moved to this transport.
    Upgraded(Transport),
    /// The session ended. The last event, exactly once.
    Closed(CloseReason),
}
