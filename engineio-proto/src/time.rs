//! A clock reading that needs no clock.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time: the duration since a zero that the caller chose.
///
/// A session never reads a clock. Its driver says what time it is, from a hardware timer,
/// `std::time::Instant`, or a variable that a test moves. The only demand is that one
/// session sees one time line.
///
/// It is exact to the nanosecond, and reaches 584 years; what is later never comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    nanos: u64, // one comparison, where a `Duration` takes two
}

impl Instant {
    /// The caller's zero.
    pub const ZERO: Self = Self { nanos: 0 };

    /// The instant `elapsed` after the caller's zero.
    pub const fn from_duration(elapsed: Duration) -> Self {
        Self { nanos: nanos(elapsed) }
    }

    /// The instant `elapsed` milliseconds after the caller's zero.
    pub const fn from_millis(elapsed: u64) -> Self {
        Self { nanos: elapsed.saturating_mul(1_000_000) }
    }

    /// How long after the caller's zero this is.
    pub const fn since_zero(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// How long after `earlier` this is; zero if it isn't.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(earlier.nanos))
    }
}

/// Saturates: a time-out too long to represent never comes.
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, wait: Duration) -> Self {
        Self { nanos: self.nanos.saturating_add(nanos(wait)) }
    }
}

/// Saturates at the caller's zero.
impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, wait: Duration) -> Self {
        Self { nanos: self.nanos.saturating_sub(nanos(wait)) }
    }
}

/// How long after the other this is; zero if it isn't.
impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_since(earlier)
    }
}

const fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}

/// The sooner of two things that are due; the first one if both are due at the same time.
pub(crate) fn sooner<T>(
    first: Option<(Instant, T)>,
    second: Option<(Instant, T)>,
) -> Option<(Instant, T)> {
    match (first, second) {
        (Some(first), Some(second)) if second.0 < first.0 => Some(second),
        (None, second) => second,
        (first, _) => first,
    }
}
