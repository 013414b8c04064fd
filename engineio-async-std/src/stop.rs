//! How listeners and connections hear that the server stops.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use event_listener::{Event, EventListener};

/// Until when last answers may be written, once the server has stopped.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    until: OnceLock<Instant>,
    is_set: Event,
}

impl Stop {
    /// Stops what listens, now; and what is left, then.
    pub(crate) fn set(&self, until: Instant) {
        // Where two close a server, the first to be done is right.
        let _ = self.until.set(until);
        self.is_set.notify(usize::MAX);
    }

    /// Waits for the stop, and says how long the rest may take.
    pub(crate) async fn wait(&self) -> Instant {
        let mut place = None;
        poll_fn(|cx| self.poll_wait(&mut place, cx)).await
    }

    /// Every connection is here at every byte it gets, so this takes the lock that all of them
    /// share no more than once for each task.
    fn poll_wait(&self, place: &mut Option<Place>, cx: &mut Context<'_>) -> Poll<Instant> {
        while self.until.get().is_none() {
            if place.as_ref().is_some_and(|(waker, _)| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            let mut listener = self.is_set.listen();
            // Set before it listened, or else it is told.
            if self.until.get().is_none() && Pin::new(&mut listener).poll(cx).is_pending() {
                *place = Some((cx.waker().clone(), listener));
            }
        }
        self.until.get().map_or(Poll::Pending, |until| Poll::Ready(*until))
    }
}

/// Who is woken, and its place among those who wait.
type Place = (Waker, EventListener);

/// The connections of a listener, counted for whoever waits for their end.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    count: AtomicUsize,
    has_ended: Event,
}

impl Connections {
    /// There is one more, until what is given is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Open {
        self.count.fetch_add(1, SeqCst);
        Open(Arc::clone(self))
    }

    /// Waits until there is none.
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

/// A connection that isn't at its end.
#[derive(Debug)]
pub(crate) struct Open(Arc<Connections>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, SeqCst);
        self.0.has_ended.notify(usize::MAX);
    }
}
