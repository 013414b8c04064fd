//! The map of open sessions, in shards that are locked one at a time.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, PoisonError};

use engineio_proto::Sid;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::shard::{SHARDS, shard_of};
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};

/// A session that knows its identifier, so that a map needn't keep it too.
pub(crate) trait Identified {
    fn sid(&self) -> &Sid;
}

/// Sessions by their identifiers.
pub(crate) struct Map<S> {
    shards: [Mutex<Shard<S>>; SHARDS],
    hashing: RandomState,
    len: AtomicUsize,
}

type Shard<S> = HashTable<Place<S>>;

struct Place<S> {
    /// Kept, or each session would have to be fetched from memory when the table grows.
    hash: u64,
    session: Arc<S>,
}

impl<S> Map<S> {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hashing: RandomState::new(),
            len: AtomicUsize::new(0),
        }
    }

    /// Removes this session, but not another one of the same identifier.
    pub(crate) fn remove(&self, sid: &Sid, session: &Arc<S>) {
        let hash = self.hash(sid.as_str());
        let mut shard = lock(self.shard(sid.as_str()));
        let found = shard.find_entry(hash, |place| Arc::ptr_eq(&place.session, session));
        let Ok(found) = found else { return };
        let (removed, _) = found.remove();
        self.len.fetch_sub(1, Relaxed);
        if shard.capacity() > 16 && shard.len() < shard.capacity() / 8 {
            let half = shard.capacity() / 2;
            shard.shrink_to(half, Place::hash);
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
            let sessions: Vec<_> = lock(shard).iter().map(Place::session).collect();
            sessions
        })
    }

    /// The sessions of one shard.
    #[cfg(feature = "metrics")]
    pub(crate) fn of_shard(&self, shard: usize) -> Vec<Arc<S>> {
        let shard = self.shards.get(shard);
        shard.map(|shard| lock(shard).iter().map(Place::session).collect()).unwrap_or_default()
    }

    /// Removes and returns all sessions.
    pub(crate) fn take_all(&self) -> Vec<Arc<S>> {
        let shards = self.shards.iter().map(|shard| std::mem::take(&mut *lock(shard)));
        let sessions: Vec<_> = shards.flatten().map(|place| place.session).collect();
        self.len.fetch_sub(sessions.len(), Relaxed);
        sessions
    }

    fn hash(&self, sid: &str) -> u64 {
        // A string's own hash ends with a mark, which one that stands alone doesn't need.
        let mut hasher = self.hashing.build_hasher();
        hasher.write(sid.as_bytes());
        hasher.finish()
    }

    fn shard(&self, sid: &str) -> &Mutex<Shard<S>> {
        let [first, ..] = &self.shards;
        self.shards.get(shard_of(sid)).unwrap_or(first)
    }
}

impl<S: Identified> Map<S> {
    pub(crate) fn get(&self, sid: &str) -> Option<Arc<S>> {
        let hash = self.hash(sid);
        let shard = lock(self.shard(sid));
        shard.find(hash, |place| place.is_of(sid)).map(Place::session)
    }

    /// Makes and adds a session with this identifier, unless there is one. Making it under the lock
    /// rules out duplicates.
    pub(crate) fn insert(
        &self,
        sid: Sid,
        make: &mut Option<impl FnOnce(Sid) -> Arc<S>>,
    ) -> Option<Arc<S>> {
        let hash = self.hash(sid.as_str());
        let mut shard = lock(self.shard(sid.as_str()));
        let entry = shard.entry(hash, |place| place.is_of(sid.as_str()), Place::hash);
        let Entry::Vacant(free) = entry else { return None };
        let session = make.take()?(sid);
        free.insert(Place { hash, session: Arc::clone(&session) });
        self.len.fetch_add(1, Relaxed);
        Some(session)
    }
}

impl<S: Identified> Place<S> {
    fn is_of(&self, sid: &str) -> bool {
        self.session.sid().as_str() == sid
    }
}

impl<S> Place<S> {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn session(&self) -> Arc<S> {
        Arc::clone(&self.session)
    }
}

/// Nothing under these locks can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
