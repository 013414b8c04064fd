//! What is known of the sessions that hold much, while that is too much.

use std::collections::HashMap;
use std::mem;
use std::sync::PoisonError;

use engineio_proto::Sid;

use crate::sync::atomic::{AtomicBool, Ordering::SeqCst};
use crate::sync::{Mutex, MutexGuard};

/// How far all sessions that hold much were a second ago.
#[derive(Default)]
pub(crate) struct ProgressOfAll {
    /// A deadline for the next look is armed.
    is_watched: AtomicBool,
    seen: Mutex<HashMap<Sid, Progress>>,
}

/// How far a session has got with what it holds.
#[derive(Clone, Copy)]
pub(super) struct Progress {
    pub(super) incoming: u32,
    pub(super) outgoing: u32,
    /// Bytes that the application hasn't read.
    pub(super) unread: usize,
    /// The position up to which the client has taken messages.
    pub(super) handed_over: u64,
}

impl ProgressOfAll {
    /// Begins to look once a second. `false`: it was begun already.
    pub(super) fn begin(&self) -> bool {
        !self.is_watched.swap(true, SeqCst)
    }

    pub(super) fn end(&self) {
        self.is_watched.store(false, SeqCst);
    }

    /// What was seen last.
    pub(super) fn take(&self) -> HashMap<Sid, Progress> {
        mem::take(&mut *self.seen())
    }

    pub(super) fn keep(&self, seen: HashMap<Sid, Progress>) {
        *self.seen() = seen;
    }

    /// Nothing under this lock can panic.
    fn seen(&self) -> MutexGuard<'_, HashMap<Sid, Progress>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
