//! The map of open sessions, in shards that are locked one at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engineio_proto::Sid;

use crate::server::session::Cell;

/// Enough that two cores rarely meet, few enough to walk.
pub(crate) const SHARDS: usize = 16;

type Shard<D> = Mutex<HashMap<Sid, Arc<Cell<D>>>>;

pub(crate) struct Map<D: Send + Sync + 'static> {
    shards: [Shard<D>; SHARDS],
    len: AtomicUsize,
}

impl<D: Send + Sync + 'static> Map<D> {
    pub(crate) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), len: AtomicUsize::new(0) }
    }

    pub(crate) fn get(&self, sid: &str) -> Option<Arc<Cell<D>>> {
        lock(self.shard(sid)).get(sid).map(Arc::clone)
    }

    /// Makes a session of this name, unless there is one. It is made under the lock, so
    /// that no two can be.
    pub(crate) fn insert(
        &self,
        sid: Sid,
        make: &mut Option<impl FnOnce(Sid) -> Arc<Cell<D>>>,
    ) -> Option<Arc<Cell<D>>> {
        let mut shard = lock(self.shard(sid.as_str()));
        let Entry::Vacant(place) = shard.entry(sid.clone()) else { return None };
        let cell = make.take()?(sid);
        place.insert(Arc::clone(&cell));
        self.len.fetch_add(1, Relaxed);
        Some(cell)
    }

    /// Takes this very cell out, if it is in.
    pub(crate) fn remove(&self, cell: &Arc<Cell<D>>) {
        let mut shard = lock(self.shard(cell.sid().as_str()));
        if !shard.get(cell.sid()).is_some_and(|known| Arc::ptr_eq(known, cell)) {
            return;
        }
        let removed = shard.remove(cell.sid());
        self.len.fetch_sub(1, Relaxed);
        if shard.capacity() > 16 && shard.len() < shard.capacity() / 8 {
            let half = shard.capacity() / 2;
            shard.shrink_to(half);
        }
        drop(shard);
        drop(removed);
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    /// Calls `visit` for every session, under no lock. Sessions that come or go
    /// meanwhile may or may not be among them.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Arc<Cell<D>>)) {
        for shard in &self.shards {
            let cells: Vec<_> = lock(shard).values().map(Arc::clone).collect();
            cells.iter().for_each(&mut visit);
        }
    }

    fn shard(&self, sid: &str) -> &Shard<D> {
        let [first, ..] = &self.shards;
        self.shards.get(shard_of(sid)).unwrap_or(first)
    }
}

/// The shard of a session. Identifiers are random, so any mix of their characters is.
pub(crate) fn shard_of(sid: &str) -> usize {
    sid.bytes().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % SHARDS
}

/// Nothing that can panic is done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
