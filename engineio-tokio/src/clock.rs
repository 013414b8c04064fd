//! Tokio's clock, so that a test that pauses time pauses the sessions.

use engineio_hub::Clock;
use engineio_proto::Instant;

/// Counts from when it was made.
#[derive(Clone, Copy)]
pub(crate) struct TokioClock(pub(crate) tokio::time::Instant);

impl TokioClock {
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    /// When this is by tokio's timers; `None` if never.
    pub(crate) fn when(self, at: Instant) -> Option<tokio::time::Instant> {
        self.0.checked_add(at.since_zero())
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        Instant::from_duration(self.0.elapsed())
    }
}
