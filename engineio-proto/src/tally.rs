//! Figures for metrics. Without the feature `metrics` they take no room and no time.

#[cfg(feature = "metrics")]
use core::mem;
#[cfg(feature = "metrics")]
use core::time::Duration;

use crate::time::Instant;

/// How much a session has carried.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Messages that came, whether or not the application has read them.
    pub messages_received: u64,
    /// Their bytes, without the framing.
    pub bytes_received: u64,
    /// Messages that left.
    pub messages_sent: u64,
    /// Their bytes, without the framing.
    pub bytes_sent: u64,
}

#[cfg(feature = "metrics")]
impl Traffic {
    pub(crate) const fn take(received: &mut Tally, sent: &mut Tally) -> Self {
        let (received, sent) = (received.take(), sent.take());
        Self {
            messages_received: received.messages,
            bytes_received: received.bytes,
            messages_sent: sent.messages,
            bytes_sent: sent.bytes,
        }
    }

    /// Adds other traffic to it.
    pub const fn add(&mut self, other: Self) {
        self.messages_received = self.messages_received.wrapping_add(other.messages_received);
        self.bytes_received = self.bytes_received.wrapping_add(other.bytes_received);
        self.messages_sent = self.messages_sent.wrapping_add(other.messages_sent);
        self.bytes_sent = self.bytes_sent.wrapping_add(other.bytes_sent);
    }
}

/// Messages of one direction, and their bytes, since they were last asked for.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    #[cfg(feature = "metrics")]
    messages: u64,
    #[cfg(feature = "metrics")]
    bytes: u64,
}

impl Tally {
    pub(crate) const NONE: Self = Self {
        #[cfg(feature = "metrics")]
        messages: 0,
        #[cfg(feature = "metrics")]
        bytes: 0,
    };

    #[cfg_attr(
        not(feature = "metrics"),
        expect(clippy::needless_pass_by_ref_mut, reason = "a shim")
    )]
    pub(crate) const fn count(&mut self, len: usize) {
        #[cfg(feature = "metrics")]
        {
            self.messages = self.messages.wrapping_add(1);
            self.bytes = self.bytes.wrapping_add(len as u64);
        }
        #[cfg(not(feature = "metrics"))]
        let _ = len;
    }

    #[cfg(feature = "metrics")]
    const fn take(&mut self) -> Self {
        mem::replace(self, Self::NONE)
    }
}

/// How long the peer takes to answer a ping.
#[derive(Debug, Default)]
pub(crate) struct RoundTrip {
    #[cfg(feature = "metrics")]
    ping_left: Option<Instant>,
    #[cfg(feature = "metrics")]
    measured: Option<Duration>,
}

#[cfg_attr(not(feature = "metrics"), expect(clippy::needless_pass_by_ref_mut, reason = "a shim"))]
impl RoundTrip {
    pub(crate) const fn ping_left(&mut self, now: Instant) {
        #[cfg(feature = "metrics")]
        {
            self.ping_left = Some(now);
        }
        #[cfg(not(feature = "metrics"))]
        let _ = now;
    }

    pub(crate) fn pong_came(&mut self, now: Instant) {
        #[cfg(feature = "metrics")]
        if let Some(left) = self.ping_left.take() {
            self.measured = Some(now.saturating_since(left));
        }
        #[cfg(not(feature = "metrics"))]
        let _ = now;
    }

    /// The last one, once.
    #[cfg(feature = "metrics")]
    pub(crate) const fn take(&mut self) -> Option<Duration> {
        self.measured.take()
    }
}
