//! The clock of a server or a client.

use std::time;

use engineio_hub::Clock;
use engineio_proto::Instant;

/// Counts from the moment at which it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StdClock(time::Instant);

impl StdClock {
    pub(crate) fn start() -> Self {
        Self(machine_time())
    }
}

impl Clock for StdClock {
    fn now(&self) -> Instant {
        Instant::from_duration(self.0.elapsed())
    }
}

/// The system's time, by which threads sleep.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn machine_time() -> time::Instant {
    time::Instant::now()
}
