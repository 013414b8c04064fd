//! The clock of a server or a client.

use std::time;

use engineio_hub::Clock;
use engineio_proto::Instant;

/// The time by the machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the binding's clock")]
pub(crate) fn now() -> time::Instant {
    time::Instant::now()
}

/// Counts from when it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StdClock(time::Instant);

impl StdClock {
    pub(crate) fn start() -> Self {
        Self(now())
    }
}

impl Clock for StdClock {
    fn now(&self) -> Instant {
        Instant::from_duration(self.0.elapsed())
    }
}
