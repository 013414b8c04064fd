//! How long a client waits before it connects again.

use core::time::Duration;

/// How long a client waits before it connects again, and how often it does.
///
/// The delays grow exponentially, with full jitter: the *n*-th is random between 0 and
/// `first` × 2ⁿ⁻¹, but at most [`longest`](Self::longest). So the clients of a server that
/// restarts come back spread over that time, and not all at once.
///
/// ```
/// # use core::time::Duration;
/// use engineio_proto::client::Backoff;
///
/// let patient = Backoff::new().longest(Duration::from_secs(120));
/// let hasty = Backoff::new().first(Duration::from_millis(200)).attempts(5);
/// # let _ = (patient, hasty);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is only a setting"]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    attempts: Option<u32>,
    settled_after: Duration,
    longest_retry_after: Duration,
}

impl Backoff {
    /// Delays of up to 1 s at first and 30 s at last, and any number of attempts.
    pub const fn new() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            attempts: None,
            settled_after: Duration::from_secs(10),
            longest_retry_after: Duration::from_secs(300),
        }
    }

    /// Sets the upper bound of the first delay. Default 1 s, as with socket.io-client. Less than
    /// 1 ms counts as 1 ms.
    pub const fn first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// Sets the upper bound of all delays. Default 30 s.
    pub const fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Sets how many attempts may fail in a row before the client gives up. The one with which it
    /// begins isn't counted, so 0 means that nothing is tried again. Default: any number.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Sets how long a session must have lasted for the delays to begin with the first one again,
    /// and the count of attempts with them. Default 10 s. A server that accepts its clients and
    /// drops them at once thus gets no more of them than one that accepts none.
    pub const fn settled_after(mut self, settled_after: Duration) -> Self {
        self.settled_after = settled_after;
        self
    }

    /// Sets the longest `Retry-After` that is honoured; a longer one counts as this long. Default
    /// 5 minutes. The client waits for that time and then its own delay, since all others were told
    /// the same.
    pub const fn longest_retry_after(mut self, longest_retry_after: Duration) -> Self {
        self.longest_retry_after = longest_retry_after;
        self
    }

    /// Whether this attempt, counted from 1, is one too many.
    pub(super) fn is_exhausted(&self, attempt: u32) -> bool {
        self.attempts.is_some_and(|attempts| attempt > attempts)
    }

    /// Whether a session that was open for so long has settled.
    pub(super) fn is_settled(&self, lasted: Duration) -> bool {
        lasted >= self.settled_after
    }

    /// The delay before this attempt, counted from 1.
    pub(super) fn delay(
        &self,
        attempt: u32,
        retry_after: Option<Duration>,
        random: u64,
    ) -> Duration {
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = self.first.max(SHORTEST_FIRST).saturating_mul(factor).min(self.longest);
        let asked = retry_after.unwrap_or_default().min(self.longest_retry_after);
        asked.saturating_add(part(bound, random))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

/// A random part of a duration.
fn part(whole: Duration, random: u64) -> Duration {
    let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    // The upper half of the product is below `nanos`.
    let scaled = (u128::from(nanos) * u128::from(random)) >> u64::BITS;
    Duration::from_nanos(u64::try_from(scaled).unwrap_or(nanos))
}

/// From nothing no delay could grow.
const SHORTEST_FIRST: Duration = Duration::from_millis(1);
