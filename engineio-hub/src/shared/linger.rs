//! The time that a connection has for its last words.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use engineio_proto::{Instant, Sid};

use crate::server::deadlines::{Expire, Target};
use crate::server::hub::Hub;
use crate::server::map::shard_of;

/// Runs from when a connection has nothing but its end before it.
#[derive(Default)]
pub(crate) struct Linger {
    is_over: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Linger {
    pub(crate) fn begin<D: Send + Sync + 'static>(hub: &Hub<D>, sid: &Sid) -> Arc<Self> {
        let linger = Arc::new(Self::default());
        let expire: Arc<dyn Expire> = Arc::clone(&linger) as _;
        let at = hub.now() + hub.config().linger();
        hub.deadlines.arm(shard_of(sid.as_str()), at, Target::Other(Arc::downgrade(&expire)));
        linger
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// Wakes this task at the end. Ask [`is_over`](Self::is_over) afterwards.
    pub(crate) fn wait(&self, waker: &Waker) {
        let displaced = self.waiting().replace(waker.clone());
        drop(displaced);
    }

    /// Nothing that can panic is done under this lock.
    fn waiting(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expire for Linger {
    fn expire(&self, _now: Instant) {
        self.is_over.store(true, Relaxed);
        let waiting = self.waiting().take();
        waiting.into_iter().for_each(Waker::wake);
    }
}
