//! The inputs and outputs of a client's session, as owned plain data.

use core::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use super::close::ClientCloseReason;
use crate::close::CloseCode;
use crate::codec::HandshakeData;
use crate::conn::{ConnId, Failure};
use crate::excerpt::Excerpt;
use crate::frame::Frame;
use crate::http::Response;
use crate::inbox;
use crate::packet::Message;
use crate::transport::Transport;

/// Something to start. Its `target` is the path and query of the request.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know how to start each")]
pub enum Connect {
    /// A GET. Its answer is an [`Input::Responded`], and may take as long as the
    /// heartbeat: don't give up on it before the session does.
    Get {
        /// Path and query.
        target: ByteString,
    },
    /// A POST. Its answer is an [`Input::Responded`].
    Post {
        /// Path and query.
        target: ByteString,
        /// The whole body.
        body: Bytes,
        /// The value of `Content-Type`.
        content_type: &'static str,
    },
    /// A WebSocket. Its 101 is an [`Input::Upgraded`], any other answer an
    /// [`Input::Responded`].
    WebSocket {
        /// Path and query.
        target: ByteString,
    },
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get { target } => f.debug_struct("Get").field("target", target).finish(),
            Self::Post { target, body, content_type } => f
                .debug_struct("Post")
                .field("target", target)
                .field("body", &Excerpt::binary(body))
                .field("content_type", content_type)
                .finish(),
            Self::WebSocket { target } => {
                f.debug_struct("WebSocket").field("target", target).finish()
            }
        }
    }
}

/// A fact about the network.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "these are all the facts there are")]
pub enum Input {
    /// The whole answer to a request, or to a WebSocket that was refused. Of its headers
    /// only `Content-Type`, `Location` and `Retry-After` matter, the last only as a number of
    /// seconds: a date is the driver's to convert, which has a calendar. Redirects are the driver's
    /// to follow: here they are refusals. Don't read more of a body than
    /// [`max_payload`](crate::ClientConfig::max_payload) bytes: a longer one is a
    /// [`Failure::TooLarge`].
    Responded(ConnId, Response),
    /// A WebSocket got its 101.
    Upgraded(ConnId),
    /// A whole message of a WebSocket.
    Frame(ConnId, Frame),
    /// A connection failed, or couldn't be made.
    Failed(ConnId, Failure),
}

/// Something to write to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know how to write each")]
pub enum Transmit {
    /// A message for a WebSocket.
    Frame(Frame),
    /// The session no longer needs the connection. Close a WebSocket with this code; abandon a
    /// request, and a WebSocket that isn't upgraded yet.
    Hangup(CloseCode),
}

/// Something that the application has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The session is open. The first event, unless the session never opened.
    Opened(HandshakeData),
    /// The server sent a message.
    Message(Message),
    /// The session moved to this transport.
    Upgraded(Transport),
    /// The session ended. The last event, exactly once.
    Closed(ClientCloseReason),
}

impl inbox::Event for Event {
    fn of(message: Message) -> Self {
        Self::Message(message)
    }

    fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Opened(_) | Self::Upgraded(_) | Self::Closed(_) => None,
        }
    }
}
