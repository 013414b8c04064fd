//! Polls and WebSockets that pass through a node to others, and leave it in time when it closes.
//!
//! They belong to sessions that go on, so a node that closes doesn't just cut them: it has their
//! sessions' nodes answer the polls and end the WebSockets, one after the other, as it does with its
//! own sessions.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use engineio_proto::Instant;

use super::shard::SHARDS;
use crate::shared::alarm::Alarm;
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};

type Shard = Mutex<HashMap<usize, Arc<Alarm>>>;

/// All that passes through.
pub(super) struct Passing {
    shards: [Shard; SHARDS],
    next: AtomicUsize,
    closing: OnceLock<Closing>,
}

/// Something that passes through, from [`enter`](Passing::enter) to [`leave`](Passing::leave).
pub(super) struct Guest {
    number: usize,
    alarm: Arc<Alarm>,
}

/// The time in which the node closes.
struct Closing {
    start: Instant,
    within: Duration,
}

impl Passing {
    /// Begins to count something. If the node closes already, it comes with the time at which it has
    /// to leave.
    pub(super) fn enter(&self, now: impl FnOnce() -> Instant) -> (Guest, Option<Instant>) {
        let guest = Guest { number: self.next.fetch_add(1, Relaxed), alarm: Arc::default() };
        self.shard(guest.number).insert(guest.number, Arc::clone(&guest.alarm));
        // `close` first notes that the node closes, then looks who is here. So at least one side
        // sees the other.
        let turn = self.closing.get().map(|closing| closing.turn_of_a_newcomer(now()));
        (guest, turn)
    }

    pub(super) fn leave(&self, guest: &Guest) {
        let mut shard = self.shard(guest.number);
        let removed = shard.remove(&guest.number);
        if shard.capacity() > 16 && shard.len() < shard.capacity() / 8 {
            let half = shard.capacity() / 2;
            shard.shrink_to(half);
        }
        drop(shard);
        drop(removed);
    }

    /// The node closes: returns what has to leave.
    pub(super) fn close(&self, start: Instant, within: Duration) -> Vec<Weak<Alarm>> {
        let _ = self.closing.set(Closing { start, within });
        let shards = (0..SHARDS).flat_map(|shard| {
            let alarms: Vec<_> = self.shard(shard).values().map(Arc::downgrade).collect();
            alarms
        });
        shards.collect()
    }

    /// Nothing under these locks can panic.
    fn shard(&self, number: usize) -> MutexGuard<'_, HashMap<usize, Arc<Alarm>>> {
        let [first, ..] = &self.shards;
        let shard = self.shards.get(number % SHARDS).unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Passing {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            next: AtomicUsize::new(0),
            closing: OnceLock::new(),
        }
    }
}

impl Closing {
    /// A client that a balancer still sends here shouldn't spin, and yet be gone when the rest is
    /// cut.
    fn turn_of_a_newcomer(&self, now: Instant) -> Instant {
        let moment = self.within / 8;
        (now + moment).min(self.start + moment * 5).max(now)
    }
}

impl Guest {
    /// What rings when it has to leave.
    pub(super) fn alarm(&self) -> Weak<Alarm> {
        Arc::downgrade(&self.alarm)
    }

    /// Ready when it has to leave.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.alarm.has_rung() {
            return Poll::Ready(());
        }
        self.alarm.wait(cx.waker());
        if self.alarm.has_rung() { Poll::Ready(()) } else { Poll::Pending }
    }
}
