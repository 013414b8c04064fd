//! Groups of sessions.
//!
//! A group has a lock for its members, and a session a list of its groups under its own lock. The
//! two are never held together, so they change one after the other: a session counts a group before
//! it becomes a member, and until it isn't one any more. So at its end it finds all its groups.

mod group;
mod local;
mod memberships;
mod nodes;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};

pub use group::Group;
pub(crate) use local::LocalGroup;
pub(crate) use memberships::{Memberships, leave_all};

use super::shard::{SHARDS, shard_of};
use crate::sync::{Mutex, MutexGuard};

type Shard<S> = Mutex<HashMap<Arc<str>, Weak<LocalGroup<S>>>>;

/// The groups of a server, by name. One that has neither members nor handles isn't here.
pub(crate) struct Groups<S> {
    shards: [Shard<S>; SHARDS],
}

impl<S> Groups<S> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { shards: std::array::from_fn(|_| Mutex::default()) })
    }

    /// The group of this name.
    pub(crate) fn get(self: &Arc<Self>, name: &str) -> Arc<LocalGroup<S>> {
        let mut shard = lock(self.shard(name));
        if let Some(group) = shard.get(name).and_then(Weak::upgrade) {
            return group;
        }
        let group = Arc::new(LocalGroup::new(name.into(), Arc::clone(self)));
        shard.insert(Arc::clone(&group.name), Arc::downgrade(&group));
        group
    }

    /// Removes a group that is being dropped, but not another one of the same name.
    fn remove(&self, group: &LocalGroup<S>) {
        let mut shard = lock(self.shard(&group.name));
        if shard.get(&group.name).is_some_and(|known| std::ptr::eq(known.as_ptr(), group)) {
            shard.remove(&group.name);
            if shard.capacity() > 16 && shard.len() < shard.capacity() / 8 {
                let half = shard.capacity() / 2;
                shard.shrink_to(half);
            }
        }
    }

    /// Takes all members out of all groups: the server is gone.
    pub(crate) fn disband(&self) {
        for shard in &self.shards {
            let groups: Vec<_> = lock(shard).values().filter_map(Weak::upgrade).collect();
            groups.iter().for_each(|group| group.disband());
        }
    }

    fn shard(&self, name: &str) -> &Shard<S> {
        let [first, ..] = &self.shards;
        self.shards.get(shard_of(name)).unwrap_or(first)
    }
}

/// Nothing under these locks can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
