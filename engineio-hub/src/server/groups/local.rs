//! The members of a group.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::Arc;

use super::{Groups, lock};
use crate::cluster::Subscription;
use crate::sync::Mutex;

/// A group, with its members on this server. It exists while it has members or handles.
pub(crate) struct LocalGroup<S> {
    pub(super) name: Arc<str>,
    groups: Arc<Groups<S>>,
    pub(super) members: Mutex<Members<S>>,
}

/// The members. None of them is dropped under the lock, since with a session goes the application's
/// data.
pub(super) struct Members<S> {
    pub(super) all: HashSet<Member<S>>,
    /// The same, for those that send, from the first send after a change to the next change. So a
    /// sender holds the lock for no longer if the group is large.
    listed: Option<Arc<[Arc<S>]>>,
    /// To what other nodes send to the group, while there are members.
    pub(super) subscription: Option<Subscription>,
    /// Somebody is about to subscribe, or to end that.
    pub(super) is_following: bool,
}

/// A session, by its address.
pub(super) struct Member<S>(Arc<S>);

impl<S> LocalGroup<S> {
    pub(super) fn new(name: Arc<str>, groups: Arc<Groups<S>>) -> Self {
        let members =
            Members { all: HashSet::new(), listed: None, subscription: None, is_following: false };
        Self { name, groups, members: Mutex::new(members) }
    }

    /// Adds a member. `false`: it was one.
    pub(super) fn insert(&self, session: &Arc<S>) -> bool {
        let mut members = lock(&self.members);
        let is_new = members.all.insert(Member(Arc::clone(session)));
        let outdated = if is_new { members.listed.take() } else { None };
        drop(members);
        drop(outdated);
        is_new
    }

    /// Removes a member. `false`: it wasn't one.
    pub(super) fn remove(&self, session: &Arc<S>) -> bool {
        let member = Member(Arc::clone(session));
        let mut members = lock(&self.members);
        let Some(removed) = members.all.take(&member) else { return false };
        let outdated = members.listed.take();
        let (len, capacity) = (members.all.len(), members.all.capacity());
        if len == 0 {
            members.all = HashSet::new();
        } else if capacity > 16 && len < capacity / 8 {
            members.all.shrink_to(capacity / 2);
        }
        drop(members);
        drop((removed, outdated));
        true
    }

    pub(super) fn contains(&self, session: &Arc<S>) -> bool {
        let member = Member(Arc::clone(session));
        lock(&self.members).all.contains(&member)
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.members).all.len()
    }

    /// All members.
    pub(super) fn members(&self) -> Arc<[Arc<S>]> {
        let mut members = lock(&self.members);
        let Members { all, listed, .. } = &mut *members;
        Arc::clone(listed.get_or_insert_with(|| all.iter().map(|it| Arc::clone(&it.0)).collect()))
    }

    pub(super) fn disband(&self) {
        let mut members = lock(&self.members);
        let gone =
            (mem::take(&mut members.all), members.listed.take(), members.subscription.take());
        drop(members);
        drop(gone);
    }
}

impl<S> Drop for LocalGroup<S> {
    fn drop(&mut self) {
        self.groups.remove(self);
    }
}

impl<S> PartialEq for Member<S> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<S> Eq for Member<S> {}

impl<S> Hash for Member<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}
