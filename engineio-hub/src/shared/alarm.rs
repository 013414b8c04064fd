//! A time that comes for one task.

use std::sync::PoisonError;
use std::task::Waker;

use crate::sync::atomic::{AtomicBool, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};

/// Rings once, for instance when a connection that only has to flush has had its time.
#[derive(Default)]
pub(crate) struct Alarm {
    has_rung: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Alarm {
    pub(crate) fn has_rung(&self) -> bool {
        self.has_rung.load(Relaxed)
    }

    /// Wakes this task when it rings. Check [`has_rung`](Self::has_rung) afterwards.
    pub(crate) fn wait(&self, waker: &Waker) {
        let mut waiting = self.waiting();
        if !waiting.as_ref().is_some_and(|known| known.will_wake(waker)) {
            let displaced = waiting.replace(waker.clone());
            drop(waiting);
            drop(displaced);
        }
    }

    /// Rings, and wakes the waiting task.
    pub(crate) fn ring(&self) {
        self.has_rung.store(true, Relaxed);
        let waiting = self.waiting().take();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Nothing under this lock can panic.
    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
