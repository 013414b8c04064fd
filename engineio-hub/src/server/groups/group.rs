//! The application's handle of a group.

use std::fmt;
use std::sync::Arc;

use engineio_proto::{Outgoing, Sid};

use super::memberships::{join, leave};
use super::{LocalGroup, Memberships};
use crate::data::Data;
use crate::server::core::Core;
use crate::server::many::ForMany;
use crate::server::session::ServerSession;

/// Sessions that get the same messages: a room, a topic. Clones are cheap and mean the same group,
/// and so do two handles of one name.
///
/// A session may be in any number of groups, and leaves them by itself when it ends. A group without
/// members and handles takes no memory. Handles don't keep the server running, so a
/// [`Handler`](crate::Handler) may hold them.
///
/// No method waits.
pub struct Group<D: Data = ()> {
    core: Arc<Core<ServerSession<D>>>,
    local: Arc<LocalGroup<ServerSession<D>>>,
}

impl<D: Data> Group<D> {
    pub(crate) fn new(core: &Arc<Core<ServerSession<D>>>, name: &str) -> Self {
        Self { core: Arc::clone(core), local: core.groups.get(name) }
    }

    /// The group's name.
    pub fn name(&self) -> &str {
        &self.local.name
    }

    /// Makes a session a member. It may be one already. `false`: there is no such session.
    pub fn join(&self, sid: &Sid) -> bool {
        self.session(sid).is_some_and(|session| join(&session, &self.local))
    }

    /// Ends a session's membership. `false`: it isn't a member.
    ///
    /// A message that is being sent meanwhile may still reach it.
    pub fn leave(&self, sid: &Sid) -> bool {
        self.session(sid).is_some_and(|session| leave(&session, &self.local))
    }

    /// Whether a session is a member.
    pub fn contains(&self, sid: &Sid) -> bool {
        self.session(sid).is_some_and(|session| self.local.contains(&session))
    }

    /// How many members there are on this node.
    pub fn len(&self) -> usize {
        self.local.len()
    }

    /// Whether there are no members on this node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The members on this node, in no order.
    pub fn sids(&self) -> Vec<Sid> {
        self.local.members().iter().map(|session| session.side.sid.clone()).collect()
    }

    /// Sends to all members. They share the payload. [`Overflow`](crate::Overflow) says what happens
    /// to a session without room. Sessions that join or leave meanwhile may or may not get the
    /// message.
    ///
    /// If the server has a [bus](crate::cluster::Bus), the members on other nodes get it, too, at
    /// most once.
    pub fn send(&self, outgoing: impl Into<Outgoing>) {
        self.send_where(outgoing.into(), |_| true);
    }

    /// As [`send`](Self::send), to everyone but one member, such as the sender. That has to be a
    /// session of this server: one of another node gets the message.
    pub fn send_except(&self, outgoing: impl Into<Outgoing>, sid: &Sid) {
        self.send_where(outgoing.into(), |session| session.side.sid != *sid);
    }

    fn send_where(&self, outgoing: Outgoing, filter: impl Fn(&ServerSession<D>) -> bool) {
        let for_many = ForMany::new(&self.core.config, outgoing);
        self.local.send(&for_many, filter);
        self.local.publish(&self.core, &for_many.outgoing);
    }

    fn session(&self, sid: &Sid) -> Option<Arc<ServerSession<D>>> {
        self.core.sessions.get(sid.as_str())
    }
}

impl<D: Data> Clone for Group<D> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), local: Arc::clone(&self.local) }
    }
}

impl<D: Data> fmt::Debug for Group<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, len) = (self.name(), self.len());
        f.debug_struct("Group").field("name", &name).field("len", &len).finish_non_exhaustive()
    }
}

const _: () = assert!(size_of::<Memberships<()>>() == size_of::<usize>());
