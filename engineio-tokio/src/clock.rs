//! Tokio's clock, so that a test that pauses time also pauses the sessions; and the turns of its tasks.

use std::sync::LazyLock;

use engineio_hub::Clock;
use engineio_hyper::{Others, Timer};
use engineio_proto::Instant;
use hyper_util::rt::TokioTimer;

/// Counts from its creation.
#[derive(Clone, Copy)]
pub(crate) struct TokioClock(tokio::time::Instant);

impl TokioClock {
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        Instant::from_duration(self.0.elapsed())
    }
}

/// Tokio's timers.
pub(crate) fn timer() -> Timer {
    static TIMER: LazyLock<TokioTimer> = LazyLock::new(TokioTimer::new);
    &*TIMER
}

/// Lets tasks that are ready go on, and what waits for input: a task that wakes itself has its next turn
/// before tokio looks for input.
pub(crate) fn yield_turn() -> Others {
    Box::pin(tokio::task::yield_now())
}
