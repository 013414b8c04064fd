//! Whether a server that couldn't be reached, or refused, may accept the same client later.

use super::close::{ClientCloseReason, Refused};

/// The prospects of repeating an attempt to connect that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// It may succeed.
    Passes,
    /// It may succeed with other credentials.
    Credentials,
    /// There is no such server at this address. If there was one before, it may return.
    Place,
    /// It will fail again.
    Lasts,
}

impl Outlook {
    pub(super) fn of(reason: &ClientCloseReason) -> Self {
        match reason {
            ClientCloseReason::ConnectTimeout
            | ClientCloseReason::PingTimeout
            | ClientCloseReason::Server(_)
            | ClientCloseReason::TransportLost
            | ClientCloseReason::Unreachable => Self::Passes,
            ClientCloseReason::Refused(refused) => Self::of_refusal(refused),
            // A page of a proxy instead of an answer, for instance.
            ClientCloseReason::Violation(_) => Self::Place,
            ClientCloseReason::Application | ClientCloseReason::WrongRevision(_) => Self::Lasts,
        }
    }

    fn of_refusal(refused: &Refused) -> Self {
        match refused.status {
            401 | 403 | 407 => Self::Credentials,
            // The JavaScript server refuses a WebSocket with 400 where it refuses a poll with 403.
            400 if refused.code() == Some(FORBIDDEN) => Self::Credentials,
            // The server says itself when to come again.
            _ if refused.retry_after.is_some() => Self::Passes,
            // Time-outs, conflicts with another session, locks, rates.
            408 | 409 | 423 | 425 | 429 => Self::Passes,
            501 | 505 => Self::Lasts,
            500..=599 => Self::Passes,
            // What a proxy may answer while its server restarts.
            300..=399 | 404 | 410 => Self::Place,
            _ => Self::Lasts,
        }
    }
}

/// `FORBIDDEN` of `engine.io/lib/server.ts`.
const FORBIDDEN: u64 = 4;

impl ClientCloseReason {
    /// Whether the same attempt to connect may succeed later, without a change of address or
    /// credentials: the server couldn't be reached, was too slow, closed the session, or refused
    /// with a status that speaks of a passing state (408, 409, 423, 425, 429, and from 500 on all
    /// but 501 and 505) or with a `Retry-After`.
    pub fn is_transient(&self) -> bool {
        Outlook::of(self) == Outlook::Passes
    }
}
