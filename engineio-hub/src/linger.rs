//! How long a connection may go on after its end was said.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use engineio_proto::Instant;

use crate::deadlines::{Deadlines, Expire, Target};

/// The last moments of one connection: what is queued is written and the peer's close
/// frame awaited, until they are over.
pub(crate) struct Linger {
    is_over: AtomicBool,
    connection: Mutex<Option<Waker>>,
}

impl Linger {
    /// Begins them; `shard` is the session's.
    pub(crate) fn begin(deadlines: &Deadlines, shard: usize, until: Instant) -> Arc<Self> {
        let linger =
            Arc::new(Self { is_over: AtomicBool::new(false), connection: Mutex::new(None) });
        let expire: Arc<dyn Expire> = Arc::clone(&linger) as _;
        deadlines.arm(shard, until, Target::Other(Arc::downgrade(&expire)));
        linger
    }

    /// Wakes this task when they are over. Look at [`is_over`](Self::is_over) after it.
    pub(crate) fn wait(&self, connection: &Waker) {
        let mut known = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.replace(connection.clone());
        drop(known);
        drop(before);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }
}

impl Expire for Linger {
    fn expire(&self, _now: Instant) {
        self.is_over.store(true, Relaxed);
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        connection.into_iter().for_each(Waker::wake);
    }
}
