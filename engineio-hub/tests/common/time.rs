//! A clock that stands still until it is moved, and timers on it.

use core::future::poll_fn;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use engineio_proto::Instant;

#[derive(Default)]
pub(crate) struct Time {
    /// Nanoseconds.
    now: AtomicU64,
    timers: Mutex<BTreeMap<(Instant, u64), Waker>>,
    next_timer: AtomicU64,
}

impl Time {
    pub(crate) fn now(&self) -> Instant {
        Instant::from_duration(Duration::from_nanos(self.now.load(SeqCst)))
    }

    /// Lets time pass, whatever it brings.
    pub(crate) fn pass(&self, span: Duration) {
        self.now.fetch_add(u64::try_from(span.as_nanos()).unwrap(), SeqCst);
    }

    /// Moves on to the next timer. Returns whether there was one, not absurdly far away.
    pub(crate) fn advance(&self) -> bool {
        let next = self.timers.lock().unwrap().pop_first();
        let Some(((at, _), waker)) = next else { return false };
        let nanos = u64::try_from(at.since_zero().as_nanos()).unwrap();
        self.now.fetch_max(nanos, SeqCst);
        waker.wake();
        at.since_zero() < LONGEST_TEST
    }

    /// Waits until the clock has reached this time.
    pub(crate) async fn sleep_until(self: &Arc<Self>, at: Instant) {
        let mut timer = self.timer();
        poll_fn(|cx| timer.poll(at, cx.waker())).await;
    }

    pub(crate) fn timer(self: &Arc<Self>) -> Timer {
        let id = self.next_timer.fetch_add(1, SeqCst);
        Timer { time: Arc::clone(self), id, at: None }
    }
}

/// Is among the timers at most once.
pub(crate) struct Timer {
    time: Arc<Time>,
    id: u64,
    at: Option<Instant>,
}

impl Timer {
    pub(crate) fn poll(&mut self, at: Instant, waker: &Waker) -> Poll<()> {
        self.stop();
        if self.time.now() >= at {
            return Poll::Ready(());
        }
        self.at = Some(at);
        let displaced = self.time.timers.lock().unwrap().insert((at, self.id), waker.clone());
        drop(displaced);
        Poll::Pending
    }

    pub(crate) fn stop(&mut self) {
        let Some(at) = self.at.take() else { return };
        let waker = self.time.timers.lock().unwrap().remove(&(at, self.id));
        drop(waker);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.stop();
    }
}

const LONGEST_TEST: Duration = Duration::from_secs(24 * 3600);
