//! Telling listeners and connections that the server stops.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use event_listener::{Event, EventListener};

/// When the server stops: the time until which last answers may be written.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    until: OnceLock<Instant>,
    is_set: Event,
}

impl Stop {
    /// Stops listeners now, and remaining connections at `until`.
    pub(crate) fn set(&self, until: Instant) {
        // If a server is closed twice, the first to finish wins.
        let _ = self.until.set(until);
        self.is_set.notify(usize::MAX);
    }

    /// Waits for the stop, and returns how long the rest may take.
    pub(crate) async fn wait(&self) -> Instant {
        let mut place = None;
        poll_fn(|cx| self.poll_wait(&mut place, cx)).await
    }

    /// Every connection polls this whenever it gets bytes, so it takes the lock that they share
    /// only once for each task.
    fn poll_wait(&self, place: &mut Option<Place>, cx: &mut Context<'_>) -> Poll<Instant> {
        while self.until.get().is_none() {
            if place.as_ref().is_some_and(|(waker, _)| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            let mut listener = self.is_set.listen();
            // The stop was set before `listen`, or else notifies the listener.
            if self.until.get().is_none() && Pin::new(&mut listener).poll(cx).is_pending() {
                *place = Some((cx.waker().clone(), listener));
            }
        }
        self.until.get().map_or(Poll::Pending, |until| Poll::Ready(*until))
    }
}

/// The waker, and its place among the waiters.
type Place = (Waker, EventListener);

/// Counts the connections of a listener, to wait for their end.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    count: AtomicUsize,
    has_ended: Event,
}

impl Connections {
    /// Counts a connection until the returned guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Open {
        self.count.fetch_add(1, SeqCst);
        Open(Arc::clone(self))
    }

    /// Waits until no connection is open.
    pub(crate) async fn wait_for_end(&self) {
        loop {
            let has_ended = self.has_ended.listen();
            if self.count.load(SeqCst) == 0 {
                return;
            }
            has_ended.await;
        }
    }
}

/// A counted connection.
#[derive(Debug)]
pub(crate) struct Open(Arc<Connections>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, SeqCst);
        self.0.has_ended.notify(usize::MAX);
    }
}
