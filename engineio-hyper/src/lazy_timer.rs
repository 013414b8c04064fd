//! Timers of one connection that are rarely set.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::Sleep;

use crate::Timer;

/// Timers of one connection, of which one runs at a time.
///
/// hyper sets a timer for each head, and takes it back when the head has come, which for most
/// executors is work under a lock. Here one timer of the executor goes on running over many heads:
/// when it fires, it is set again for the head that is awaited then.
pub struct LazyTimer {
    timer: Timer,
    running: Arc<Mutex<Option<Running>>>,
}

/// The timer of the executor.
struct Running {
    until: Instant,
    sleep: Pin<Box<dyn Sleep>>,
}

/// A time to wait for.
struct LazySleep {
    until: Instant,
    timer: Timer,
    running: Arc<Mutex<Option<Running>>>,
}

impl LazyTimer {
    /// Makes the timers of a connection.
    pub fn new(timer: Timer) -> Self {
        Self { timer, running: Arc::default() }
    }
}

impl hyper::rt::Timer for LazyTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let running = Arc::clone(&self.running);
        Box::pin(LazySleep { until: deadline, timer: self.timer, running })
    }

    fn now(&self) -> Instant {
        self.timer.now()
    }
}

impl Future for LazySleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // One that ends later would be too late.
            let current = running.take().filter(|current| current.until <= self.until);
            let current = running.insert(current.unwrap_or_else(|| Running {
                until: self.until,
                sleep: self.timer.sleep_until(self.until),
            }));
            ready!(current.sleep.as_mut().poll(cx));
            let fired = current.until;
            *running = None;
            if fired >= self.until {
                return Poll::Ready(());
            }
        }
    }
}

impl Sleep for LazySleep {}

impl fmt::Debug for LazyTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LazyTimer")
    }
}
