//! The time that a connection has to flush once its session has no more use for it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Runs out for a connection that has nothing left to do but to flush.
#[derive(Default)]
pub(crate) struct Linger {
    is_over: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Linger {
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// Wakes this task at the end. Ask [`is_over`](Self::is_over) afterwards.
    pub(crate) fn wait(&self, waker: &Waker) {
        let displaced = self.waiting().replace(waker.clone());
        drop(displaced);
    }

    /// The time is up.
    pub(crate) fn expire(&self) {
        self.is_over.store(true, Relaxed);
        let waiting = self.waiting().take();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Nothing that can panic is done under this lock.
    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
