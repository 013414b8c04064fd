//! The groups of one session.

use std::sync::Arc;

use super::LocalGroup;
use crate::data::Data;
use crate::server::session::ServerSession;

/// The groups that a session may be a member of, under the session's lock. Boxed, since most
/// sessions of most servers are in none.
pub(crate) struct Memberships<S>(Option<Box<List<S>>>);

struct List<S>(Vec<Membership<S>>);

struct Membership<S> {
    group: Arc<LocalGroup<S>>,
    /// One for the member, and one for each call that is about to make it one or that has just
    /// removed it. Which call came first is up to the group's lock.
    count: u32,
}

impl<S> Default for Memberships<S> {
    fn default() -> Self {
        Self(None)
    }
}

impl<S> Memberships<S> {
    fn count(&mut self, group: &Arc<LocalGroup<S>>) {
        let List(list) = &mut **self.0.get_or_insert_with(|| Box::new(List(Vec::new())));
        if let Some(known) = list.iter_mut().find(|it| Arc::ptr_eq(&it.group, group)) {
            known.count += 1;
        } else {
            list.push(Membership { group: Arc::clone(group), count: 1 });
        }
    }

    fn discount(&mut self, group: &Arc<LocalGroup<S>>) {
        let Some(List(list)) = self.0.as_deref_mut() else { return };
        let Some(at) = list.iter().position(|it| Arc::ptr_eq(&it.group, group)) else { return };
        let Some(known) = list.get_mut(at) else { return };
        known.count -= 1;
        if known.count == 0 {
            // The caller has the group too, so it isn't dropped under the lock.
            list.swap_remove(at);
            if list.is_empty() {
                self.0 = None;
            }
        }
    }

    /// Takes the list of a session that has ended.
    pub(crate) fn take(&mut self) -> Self {
        Self(self.0.take())
    }
}

/// Makes a session a member. `false`: it has ended.
pub(super) fn join<D: Data>(
    session: &Arc<ServerSession<D>>,
    group: &Arc<LocalGroup<ServerSession<D>>>,
) -> bool {
    let count = |is_over: bool, groups: &mut Memberships<_>| {
        if !is_over {
            groups.count(group);
        }
        !is_over
    };
    let is_open = session.turn(|turn| count(turn.session.is_closed(), &mut turn.state.groups));
    if is_open != Some(true) {
        return false;
    }
    let is_new = group.insert(session);
    group.follow(&session.side.core);
    let is_open = session.turn(|turn| {
        if !is_new {
            turn.state.groups.discount(group);
        }
        !turn.session.is_closed()
    });
    if is_open != Some(true) {
        // It may have ended before it was a member.
        group.remove(session);
        group.follow(&session.side.core);
        return false;
    }
    true
}

/// Ends a membership. `false`: it wasn't a member.
pub(super) fn leave<D: Data>(
    session: &Arc<ServerSession<D>>,
    group: &Arc<LocalGroup<ServerSession<D>>>,
) -> bool {
    let was_member = group.remove(session);
    if was_member {
        group.follow(&session.side.core);
        session.turn(|turn| turn.state.groups.discount(group));
    }
    was_member
}

/// Ends all memberships of a session that has ended.
pub(crate) fn leave_all<D: Data>(
    groups: Memberships<ServerSession<D>>,
    session: &Arc<ServerSession<D>>,
) {
    for membership in groups.0.into_iter().flat_map(|list| list.0) {
        if membership.group.remove(session) {
            membership.group.follow(&session.side.core);
        }
    }
}
