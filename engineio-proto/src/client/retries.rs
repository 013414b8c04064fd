//! When a client connects again, and when it gives up.

use core::time::Duration;

use super::backoff::Backoff;
use super::close::ClientCloseReason;
use super::outlook::Outlook;
use crate::time::Instant;

/// Decides after each end whether to connect again, and when.
///
/// It outlives the sessions of a client, which are one [`Session`](super::Session) each. It does no
/// I/O, reads no clock and has no randomness: its driver tells it when a session is
/// [open](Self::opened) and why one [ended](Self::ended), and gives a random number each time.
///
/// | an attempt failed because | then |
/// |---|---|
/// | the server couldn't be reached, or was too slow | it is made again |
/// | 408, 409, 423, 425, 429, or from 500 on all but 501 and 505 | again |
/// | any refusal with `Retry-After`, except the next | again, not before that time |
/// | 401, 403, 407, or 400 with code 4 | final; with [`renewing`](Self::renewing), the second in a row is |
/// | 404, 410, a redirect that isn't followed, no Engine.IO | final, unless a session was open before: then a proxy may stand in for its server |
/// | all other statuses, such as 400, 501 and 505 | final |
/// | the server speaks another revision | final |
///
/// A session that was open is always followed by another, whatever ended it: a server that wants no
/// other refuses the next handshake.
///
/// ```
/// use engineio_proto::client::{Backoff, Retries, Verdict};
/// use engineio_proto::{ClientCloseReason, Instant};
///
/// let mut retries = Retries::new(Backoff::new());
/// let (mut now, random) = (Instant::ZERO, u64::MAX);
/// // .. make a `Session`, and drive it until it has ended. Then:
/// match retries.ended(now, &ClientCloseReason::Unreachable, random) {
///     Verdict::Retry { after, .. } => now = now + after, // make the next one then
///     Verdict::GiveUp(why) => panic!("{why}"),
/// }
/// assert_eq!(now.since_zero().as_millis(), 999);
/// ```
#[derive(Clone, Debug)]
pub struct Retries {
    backoff: Backoff,
    /// How many attempts were made since a session had settled, the first not counted.
    attempt: u32,
    /// Since when there is a session.
    opened: Option<Instant>,
    /// Whether there ever was one.
    has_worked: bool,
    /// Whether credentials are new at each attempt.
    is_renewing: bool,
    /// Whether the last attempt failed for its credentials.
    was_denied: bool,
}

/// What a client does after an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every variant")]
pub enum Verdict {
    /// Connect again.
    Retry {
        /// Not before this much time has passed.
        after: Duration,
        /// The number of this attempt, from 1 on. It begins again after a session that
        /// [settled](Backoff::settled_after).
        attempt: u32,
    },
    /// Don't.
    GiveUp(GiveUp),
}

/// Why a client doesn't connect again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GiveUp {
    /// The cause doesn't pass by itself; see the table of [`Retries`].
    #[error("trying again won't help")]
    Permanent,
    /// All [attempts](Backoff::attempts) were made.
    #[error("no attempts are left")]
    Exhausted,
}

impl Retries {
    /// Begins with an attempt that isn't counted.
    pub const fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            attempt: 0,
            opened: None,
            has_worked: false,
            is_renewing: false,
            was_denied: false,
        }
    }

    /// Says that the driver renews the credentials before an attempt. So the first refusal of
    /// credentials isn't final, but the next one in a row is.
    #[must_use]
    pub const fn renewing(mut self) -> Self {
        self.is_renewing = true;
        self
    }

    /// The number of the attempt that is made, or was made last: 0 for the first of all and after a
    /// session that settled.
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// A session is open.
    pub const fn opened(&mut self, now: Instant) {
        self.opened = Some(now);
        self.has_worked = true;
        self.was_denied = false;
    }

    /// The session ended, or an attempt failed, for this reason. `random` is uniformly distributed
    /// over all its values.
    pub fn ended(&mut self, now: Instant, reason: &ClientCloseReason, random: u64) -> Verdict {
        let may_pass = match self.opened.take() {
            Some(opened) => {
                if self.backoff.is_settled(now.saturating_since(opened)) {
                    self.attempt = 0;
                }
                true
            }
            None => self.may_pass(Outlook::of(reason)),
        };
        if !may_pass {
            return Verdict::GiveUp(GiveUp::Permanent);
        }
        let retry_after = if let ClientCloseReason::Refused(refused) = reason {
            refused.retry_after
        } else {
            None
        };
        self.again(retry_after, random)
    }

    /// An attempt failed before it reached the network, for a reason of the driver's own that may
    /// pass.
    pub fn failed(&mut self, random: u64) -> Verdict {
        self.again(None, random)
    }

    /// Resets delays and attempts, as after a session that settled. For a driver that learns
    /// that the network is back: it connects at once.
    pub const fn restart(&mut self) {
        self.attempt = 0;
    }

    fn may_pass(&mut self, outlook: Outlook) -> bool {
        let was_denied = self.was_denied;
        self.was_denied = outlook == Outlook::Credentials;
        match outlook {
            Outlook::Passes => true,
            Outlook::Credentials => self.is_renewing && !was_denied,
            Outlook::Place => self.has_worked,
            Outlook::Lasts => false,
        }
    }

    fn again(&mut self, retry_after: Option<Duration>, random: u64) -> Verdict {
        let attempt = self.attempt.saturating_add(1);
        if self.backoff.is_exhausted(attempt) {
            return Verdict::GiveUp(GiveUp::Exhausted);
        }
        self.attempt = attempt;
        Verdict::Retry { after: self.backoff.delay(attempt, retry_after, random), attempt }
    }
}
