//! The hub's source of time.

use engineio_proto::Instant;

/// The binding's clock. It must never go back. It should be the clock of the binding's timers, so
/// that a test that moves it moves everything.
pub trait Clock: Send + Sync + 'static {
    /// The time now, counted from an arbitrary zero.
    fn now(&self) -> Instant;
}

/// Any function that returns the time is a clock.
impl<F: Fn() -> Instant + Send + Sync + 'static> Clock for F {
    fn now(&self) -> Instant {
        self()
    }
}
