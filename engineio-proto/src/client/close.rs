//! Why a client's session ended, or never began.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use serde::Deserialize;

use crate::close::{CloseCode, Violation, with_code};
use crate::conn::Failure;
use crate::excerpt::{Excerpt, excerpt};
use crate::revision::Revision;

/// Why a session ended, or why there was none. Every session has exactly one reason, and it is
/// final.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientCloseReason {
    /// The application closed it.
    #[error("closed by the application")]
    Application,
    /// The server closed it: with a close packet, or its WebSocket, with this code, or both.
    /// [`AWAY`](CloseCode::AWAY) means that the server shuts down, so that another, or the same
    /// one a little later, may take the client; without a restart a server of this project sends
    /// [`NORMAL`](CloseCode::NORMAL). A close packet alone, and any over polling, doesn't tell.
    #[error("closed by the server{}", with_code(*.0))]
    Server(Option<CloseCode>),
    /// No heartbeat came from the server in time.
    #[error("ping timeout: no heartbeat from the server")]
    PingTimeout,
    /// There was no session within [`connect_timeout`](crate::ClientConfig::connect_timeout).
    #[error("the server didn't open a session in time")]
    ConnectTimeout,
    /// No connection to the server could be made.
    #[error("the server can't be reached")]
    Unreachable,
    /// A connection broke while the session depended on it. Messages that were under way may
    /// or may not have arrived.
    #[error("the connection to the server was lost")]
    TransportLost,
    /// The server answered a request with another status than success: the handshake, because
    /// it doesn't accept this client, or a later request, because it no longer knows the session
    /// or a message was too long for it.
    #[error("the server refused with status {}{}", .0.status, explanation(.0))]
    Refused(Refused),
    /// The server speaks another revision, this one if that is known. See
    /// [`RevisionChoice`](crate::RevisionChoice).
    #[error("the server speaks another revision of the protocol{}", revision(*.0))]
    WrongRevision(Option<Revision>),
    /// The server broke the protocol, or isn't an Engine.IO server at all.
    #[error("the server violated the protocol: {0}")]
    Violation(Violation),
}

/// What the server says about its refusal.
fn explanation(refused: &Refused) -> String {
    if let Some(location) = &refused.location {
        return format!(": a redirect to {location}");
    }
    // With quotation marks: the words are the server's, and may hold anything.
    refused.message().map(|message| format!(": {:?}", excerpt(&message))).unwrap_or_default()
}

fn revision(revision: Option<Revision>) -> String {
    revision.map(|revision| format!(": {}", revision.number())).unwrap_or_default()
}

/// The answer of a server that refused a request. `Debug` shows the beginning of its body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The status of the answer.
    pub status: u16,
    /// Its body.
    pub body: Bytes,
    /// Of a redirect that wasn't followed: where it points to.
    pub location: Option<ByteString>,
    /// `Retry-After`, if the driver gives it in seconds: how long the server asks its clients to
    /// wait before they come again.
    pub retry_after: Option<Duration>,
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("status", &self.status)
            .field("body", &Excerpt::binary(&self.body))
            .field("location", &self.location)
            .field("retry_after", &self.retry_after)
            .finish()
    }
}

impl Refused {
    /// The code of the refusal, if the body is JSON as of the reference server: from 0,
    /// unknown transport, to 5, unsupported revision (`errors` of
    /// `engine.io/lib/server.ts`).
    pub fn code(&self) -> Option<u64> {
        #[derive(Deserialize)]
        struct Body {
            code: u64,
        }

        serde_json::from_slice(&self.body).ok().map(|body: Body| body.code)
    }

    /// The message of the refusal, if the body is JSON as of the reference server, such as
    /// `wrong token` if this server refused with `refuse_json(401, "wrong token")`.
    pub fn message(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Body {
            message: String,
        }

        serde_json::from_slice(&self.body).ok().map(|body: Body| body.message)
    }

    /// Whether the server refused the revision.
    pub(super) fn is_about_revision(&self) -> bool {
        // The second is what python-engineio writes (`_bad_request` in `base_server.py`).
        self.code() == Some(5)
            || (self.status == 400 && contains(&self.body, b"unsupported version"))
    }

    /// Whether the server refused the transport, so that another may succeed.
    pub(super) fn is_about_transport(&self) -> bool {
        self.code() == Some(0)
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

impl From<Violation> for ClientCloseReason {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// Why a session ends when one of its connections fails.
pub(super) fn loss(why: Failure) -> ClientCloseReason {
    match why {
        Failure::Gone | Failure::TimedOut => ClientCloseReason::TransportLost,
        Failure::Closed(code) if code == CloseCode::ABNORMAL => ClientCloseReason::TransportLost,
        Failure::Closed(code) => ClientCloseReason::Server(Some(code)),
        Failure::TooLarge => Violation::TooLarge.into(),
        Failure::Malformed => Violation::Framing.into(),
    }
}

impl ClientCloseReason {
    /// The close code for the WebSocket of a session that ends for this reason.
    pub(super) const fn code(&self) -> CloseCode {
        match self {
            Self::Violation(Violation::TooLarge) => CloseCode::TOO_LARGE,
            Self::Violation(_) => CloseCode::PROTOCOL,
            Self::Application
            | Self::Server(_)
            | Self::PingTimeout
            | Self::ConnectTimeout
            | Self::Unreachable
            | Self::TransportLost
            | Self::Refused(_)
            | Self::WrongRevision(_) => CloseCode::NORMAL,
        }
    }
}
