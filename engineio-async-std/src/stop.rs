//! How listeners and connections hear that the server stops.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use event_listener::Event;

/// Until when last answers may be written, once the server has stopped.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    until: Mutex<Option<Instant>>,
    is_set: Event,
}

impl Stop {
    /// Stops what listens, now; and what is left, then.
    pub(crate) fn set(&self, until: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        self.is_set.notify(usize::MAX);
    }

    /// Waits for the stop, and says how long the rest may take.
    pub(crate) async fn wait(&self) -> Instant {
        loop {
            let is_set = self.is_set.listen();
            let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(until) = until {
                return until;
            }
            is_set.await;
        }
    }
}

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
