//! The events of a client that reconnects.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use engineio_proto::{ClientCloseReason, Message, Transport};

use crate::client::error::ConnectError;

/// An event of a client that reconnects.
///
/// They come in this order, from left to right and round again:
///
/// ```text
///   ┌──────────────────────────────────────────────┐
///   ▼                                              │
///  Connected ─► Message, Upgrade, .. ─► Lost ─┬─► Retry ──► (an attempt) ─┬─► Retry, ..
///                                             │                          │
///                                             └─► GaveUp ◄───────────────┘
/// ```
///
/// The first is `Connected`, or `Retry` or `GaveUp` if the first attempt fails.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReconnectingEvent {
    /// A session is open. It is a new one: what the server knew of the last one, such as
    /// subscriptions, has to be told again.
    Connected,
    /// The server sent a message.
    Message(Message),
    /// The session moved to another transport. No action is needed.
    Upgrade(Transport),
    /// The session ended. `Retry` or `GaveUp` follows.
    ///
    /// Nothing is sent again in the next session: only the application knows what its messages
    /// mean.
    Lost {
        /// Why.
        reason: ClientCloseReason,
        /// How many messages `send` had accepted that never left: the newest ones. Those before
        /// them left, but the last of these may not have arrived either. Only an answer of the
        /// server's application shows what did.
        unsent: u64,
    },
    /// There is no session. Another attempt to connect follows after this time, unless it is
    /// [asked for](super::ReconnectingClient::retry_now) sooner.
    Retry {
        /// How long it is until then.
        after: Duration,
        /// The number of that attempt, from 1 on. It begins again after a session that
        /// [settled](engineio_proto::client::Backoff::settled_after).
        attempt: u32,
        /// Why the last attempt failed. `None` if a session was lost before.
        error: Option<ConnectError>,
    },
    /// There will be no other session. The last event.
    GaveUp(GaveUp),
}

/// Why a client that reconnects gave up. `Display` gives the cause in one line.
#[derive(Debug)]
#[non_exhaustive]
pub enum GaveUp {
    /// The application closed it.
    Closed,
    /// An attempt failed for a reason that doesn't pass by itself, such as a wrong address, wrong
    /// credentials or an untrusted certificate; see the table of
    /// [`Retries`](engineio_proto::client::Retries).
    Permanent(ConnectError),
    /// All [attempts](engineio_proto::client::Backoff::attempts) were made. With the error of the
    /// last one; `None` if a session was lost and no attempt allowed.
    Exhausted(Option<ConnectError>),
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by the application"),
            Self::Permanent(error) => write!(f, "trying again won't help: {error}"),
            Self::Exhausted(Some(error)) => write!(f, "no attempts are left: {error}"),
            Self::Exhausted(None) => f.write_str("no attempts are left"),
        }
    }
}

impl Error for GaveUp {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Closed | Self::Exhausted(None) => None,
            // `Display` has said the error itself.
            Self::Permanent(error) | Self::Exhausted(Some(error)) => error.source(),
        }
    }
}
