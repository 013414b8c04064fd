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
    running: Arc<Mutex<Option<Running<Instant>>>>,
}

/// A timer of the executor, which goes on running while the time to wait for moves.
pub(crate) struct Running<T> {
    until: T,
    sleep: Pin<Box<dyn Sleep>>,
}

impl<T: Copy + PartialOrd> Running<T> {
    /// Ready when this time has come. Where no timer runs that ends soon enough, `start` makes one.
    pub(crate) fn poll(
        running: &mut Option<Self>,
        until: T,
        start: impl Fn() -> Pin<Box<dyn Sleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            // One that ends later would be too late.
            let current = running.take().filter(|current| current.until <= until);
            let current = running.insert(current.unwrap_or_else(|| Self { until, sleep: start() }));
            ready!(current.sleep.as_mut().poll(cx));
            let fired = current.until;
            *running = None;
            if fired >= until {
                return Poll::Ready(());
            }
        }
    }
}

/// A time to wait for.
struct LazySleep {
    until: Instant,
    timer: Timer,
    running: Arc<Mutex<Option<Running<Instant>>>>,
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
        Running::poll(&mut running, self.until, || self.timer.sleep_until(self.until), cx)
    }
}

impl Sleep for LazySleep {}

impl fmt::Debug for LazyTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LazyTimer")
    }
}
