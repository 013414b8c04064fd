//! Waking the thread of a client out of its sleep for sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task;

use mio::{Registry, Token, Waker};

/// Writes to the poll at most once for each sleep, and only into a sleep.
pub(super) struct Wake {
    waker: Waker,
    state: AtomicU8,
}

const AWAKE: u8 = 0;
const ASLEEP: u8 = 1;
const RUNG: u8 = 2;

impl Wake {
    pub(super) fn new(registry: &Registry, token: Token) -> std::io::Result<Arc<Self>> {
        let waker = Waker::new(registry, token)?;
        Ok(Arc::new(Self { waker, state: AtomicU8::new(AWAKE) }))
    }

    /// Call it before a sleep. Whether to sleep at all: nobody has rung since the last
    /// [`rise`](Self::rise).
    pub(super) fn lie_down(&self) -> bool {
        let fell_asleep =
            self.state.compare_exchange(AWAKE, ASLEEP, Ordering::AcqRel, Ordering::Acquire);
        fell_asleep.is_ok()
    }

    /// Call it after a sleep, and look for what there is to do then.
    pub(super) fn rise(&self) {
        // It sees what was done before the bell.
        self.state.swap(AWAKE, Ordering::AcqRel);
    }
}

impl task::Wake for Wake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(RUNG, Ordering::AcqRel) == ASLEEP {
            // It fails when the system is out of memory. The sleep then ends at its time-out.
            let _ = self.waker.wake();
        }
    }
}
