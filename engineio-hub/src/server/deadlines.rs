//! The deadlines of sessions.
//!
//! There is one queue for each shard, so that arming a deadline takes no lock that all sessions
//! share. Entries are never removed early: when a session's deadline was postponed, the old entry
//! comes due once, and the session is armed again.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{PoisonError, Weak};
use std::task::Waker;
use std::time::Duration;

use engineio_proto::{Instant, Sid};

use super::shard::{SHARDS, shard_of};
use crate::shared::alarm::Alarm;
use crate::sync::atomic::{AtomicU64, AtomicUsize};
use crate::sync::{Mutex, MutexGuard};

/// A waiting handshake that can expire.
pub(crate) trait Expire: Send + Sync {
    fn expire(&self);
}

/// What a deadline is for. It keeps no memory alive: a session is named, and short-lived things are
/// held weakly.
#[derive(Clone)]
pub(crate) enum Target {
    /// Run the session's deadlines.
    Session(Sid),
    /// Close the session, because the server stops.
    Shutdown(Sid),
    /// An undecided handshake.
    Handshake(Weak<dyn Expire>),
    /// The time of something that waits for it, such as a connection that only has to flush.
    Alarm(Weak<Alarm>),
    /// See to the memory that all sessions together hold.
    Relief,
    /// Take figures of some sessions.
    #[cfg(feature = "metrics")]
    Sample,
}

pub(crate) struct Deadlines {
    shards: [Mutex<BinaryHeap<Reverse<Entry>>>; SHARDS],
    /// When the driver will wake up, in nanoseconds; 0 while it is awake.
    asleep_until: AtomicU64,
    driver: Mutex<Option<Waker>>,
    next_shard: AtomicUsize,
}

impl Deadlines {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            asleep_until: AtomicU64::new(0),
            driver: Mutex::default(),
            next_shard: AtomicUsize::new(0),
        }
    }

    /// Adds a deadline of this session, and wakes the driver if it would oversleep it.
    pub(crate) fn arm(&self, sid: &Sid, at: Instant, target: Target) {
        self.arm_in(shard_of(sid.as_str()), Entry { at, run_at: at, target });
    }

    /// As [`arm`](Self::arm), a deadline that is so far off that it can wait for others: to wake up
    /// costs more than to run one.
    pub(crate) fn arm_about(&self, sid: &Sid, at: Instant, target: Target) {
        let tick = nanos(at).checked_next_multiple_of(TICK).unwrap_or(u64::MAX);
        let run_at = Instant::from_duration(Duration::from_nanos(tick));
        self.arm_in(shard_of(sid.as_str()), Entry { at, run_at, target });
    }

    /// Adds a deadline of something without an identifier. Uses the shards in turn.
    pub(crate) fn arm_anywhere(&self, at: Instant, target: Target) {
        self.arm_in(self.next_shard.fetch_add(1, Relaxed), Entry { at, run_at: at, target });
    }

    fn arm_in(&self, shard: usize, entry: Entry) {
        let run_at = nanos(entry.run_at);
        if let Some(queue) = self.shards.get(shard % SHARDS) {
            lock(queue).push(Reverse(entry));
        }
        if run_at < self.asleep_until.load(SeqCst) {
            self.wake();
        }
    }

    /// Wakes the driver.
    pub(crate) fn wake(&self) {
        let driver = lock(&self.driver).take();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Takes the entries that are due, at most `most` of each shard. Marks the driver as awake.
    pub(crate) fn take_due(&self, now: Instant, most: usize) -> Vec<(Instant, Target)> {
        self.asleep_until.store(0, SeqCst);
        let mut due = Vec::new();
        for queue in &self.shards {
            let mut queue = lock(queue);
            for _ in 0..most {
                match queue.peek() {
                    Some(Reverse(entry)) if entry.run_at <= now => {
                        due.extend(queue.pop().map(|Reverse(entry)| (entry.at, entry.target)));
                    }
                    _ => break,
                }
            }
            if queue.capacity() > 16 && queue.len() < queue.capacity() / 4 {
                let enough = queue.len() * 2;
                queue.shrink_to(enough);
            }
        }
        due
    }

    /// Returns when to run the next deadline. The driver sleeps until then, or until it is woken.
    pub(crate) fn sleep(&self, driver: &Waker) -> Option<Instant> {
        let displaced = lock(&self.driver).replace(driver.clone());
        drop(displaced);
        // `arm` first adds a deadline, then checks how long the driver sleeps. So at least one side
        // sees a deadline that is added meanwhile.
        self.asleep_until.store(u64::MAX, SeqCst);
        let shards = self.shards.iter();
        let next = shards.filter_map(|queue| Some(lock(queue).peek()?.0.run_at)).min();
        if let Some(next) = next {
            self.asleep_until.fetch_min(nanos(next), SeqCst);
        }
        next
    }
}

struct Entry {
    at: Instant,
    /// When the driver wakes up for it.
    run_at: Instant,
    target: Target,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.run_at.cmp(&other.run_at)
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.run_at == other.run_at
    }
}

impl Eq for Entry {}

/// How late a deadline that is far off may be run, in nanoseconds. It makes a heartbeat no worse.
const TICK: u64 = 10_000_000;

fn nanos(at: Instant) -> u64 {
    u64::try_from(at.since_zero().as_nanos()).unwrap_or(u64::MAX)
}

/// Nothing under these locks can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
