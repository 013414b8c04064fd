//! How a client that reconnects dials and waits.

use std::fmt;
use std::time::Duration;

use engineio_hub::Clock;
use engineio_hub::client::{ClientOptions, Dial, Dialing, Sleeping};
use engineio_proto::Instant;

use crate::Timer;

/// Dials with a binding's `connect`, and waits with its timers.
pub struct Dialer<C> {
    connect: fn(ClientOptions) -> Dialing,
    timer: Timer,
    clock: C,
}

impl<C: Clock> Dialer<C> {
    /// Makes a dialer. The clock must be that of the timers.
    pub const fn new(connect: fn(ClientOptions) -> Dialing, timer: Timer, clock: C) -> Self {
        Self { connect, timer, clock }
    }
}

impl<C: Clock> Dial for Dialer<C> {
    fn dial(&self, options: ClientOptions) -> Dialing {
        (self.connect)(options)
    }

    fn sleep(&self, time: Duration) -> Sleeping {
        Box::pin(self.timer.sleep(time))
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }
}

impl<C> fmt::Debug for Dialer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").finish_non_exhaustive()
    }
}
