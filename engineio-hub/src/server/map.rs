//! The map of open sessions, in shards that are locked one at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError};

use engineio_proto::Sid;

use super::shard::{SHARDS, shard_of};
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};

type Shard<S> = Mutex<HashMap<Sid, Arc<S>>>;

/// Sessions by their identifiers.
pub(crate) struct Map<S> {
    shards: [Shard<S>; SHARDS],
    len: AtomicUsize,
}

impl<S> Map<S> {
    pub(crate) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), len: AtomicUsize::new(0) }
    }

    pub(crate) fn get(&self, sid: &str) -> Option<Arc<S>> {
        lock(self.shard(sid)).get(sid).map(Arc::clone)
    }

    /// Makes and adds a session with this identifier, unless there is one. Making it under the lock
    /// rules out duplicates.
    pub(crate) fn insert(
        &self,
        sid: Sid,
        make: &mut Option<impl FnOnce(Sid) -> Arc<S>>,
    ) -> Option<Arc<S>> {
        let mut shard = lock(self.shard(sid.as_str()));
        let Entry::Vacant(place) = shard.entry(sid.clone()) else { return None };
        let session = make.take()?(sid);
        place.insert(Arc::clone(&session));
        self.len.fetch_add(1, Relaxed);
        Some(session)
    }

    /// Removes this session, but not another one of the same identifier.
    pub(crate) fn remove(&self, sid: &Sid, session: &Arc<S>) {
        let mut shard = lock(self.shard(sid.as_str()));
        let Entry::Occupied(place) = shard.entry(sid.clone()) else { return };
        if !Arc::ptr_eq(place.get(), session) {
            return;
        }
        let removed = place.remove();
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

    /// All sessions, one shard at a time. No lock is held meanwhile, so sessions that come or go
    /// may or may not be included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Arc<S>> {
        self.shards.iter().flat_map(|shard| {
            let sessions: Vec<_> = lock(shard).values().map(Arc::clone).collect();
            sessions
        })
    }

    /// The sessions of one shard.
    #[cfg(feature = "metrics")]
    pub(crate) fn of_shard(&self, shard: usize) -> Vec<Arc<S>> {
        let shard = self.shards.get(shard);
        shard.map(|shard| lock(shard).values().map(Arc::clone).collect()).unwrap_or_default()
    }

    /// Removes and returns all sessions.
    pub(crate) fn take_all(&self) -> Vec<Arc<S>> {
        let shards = self.shards.iter().map(|shard| std::mem::take(&mut *lock(shard)));
        let sessions: Vec<_> = shards.flat_map(HashMap::into_values).collect();
        self.len.fetch_sub(sessions.len(), Relaxed);
        sessions
    }

    fn shard(&self, sid: &str) -> &Shard<S> {
        let [first, ..] = &self.shards;
        self.shards.get(shard_of(sid)).unwrap_or(first)
    }
}

/// Nothing under these locks can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
