//! The time limit for flushing a connection that its session has no more use for.

use std::sync::PoisonError;
use std::task::Waker;

use crate::sync::atomic::{AtomicBool, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};

/// Expires for a connection that only has to flush.
#[derive(Default)]
pub(crate) struct Linger {
    is_over: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Linger {
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// Wakes this task when the time is up. Check [`is_over`](Self::is_over) afterwards.
    pub(crate) fn wait(&self, waker: &Waker) {
        let displaced = self.waiting().replace(waker.clone());
        drop(displaced);
    }

    /// Ends the time, and wakes the waiting task.
    pub(crate) fn expire(&self) {
        self.is_over.store(true, Relaxed);
        let waiting = self.waiting().take();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Nothing under this lock can panic.
    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
