//! Where the hub gets the time from.

use engineio_proto::Instant;

/// The binding's clock. It must never go back, and should be the one that the
/// binding's timers run on, so that a test that moves it moves everything.
pub trait Clock: Send + Sync + 'static {
    /// The time now, counted from any zero.
    fn now(&self) -> Instant;
}

/// Any function will do.
impl<F: Fn() -> Instant + Send + Sync + 'static> Clock for F {
    fn now(&self) -> Instant {
        self()
    }
}
