//! Sending to sessions by their identifiers, or to all of them.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use engineio_proto::{Outgoing, SendError, Sid};

use super::core::Core;
use super::groups::Group;
use super::many::ForMany;
use super::session::ServerSession;
use crate::data::Data;

/// The open sessions of a server, to send to them. Clones are cheap and mean the same server.
///
/// They don't keep the server running, so a [`Handler`](crate::Handler) may hold them.
pub struct Sessions<D: Data = ()> {
    core: Arc<Core<ServerSession<D>>>,
}

impl<D: Data> Sessions<D> {
    pub(crate) const fn new(core: Arc<Core<ServerSession<D>>>) -> Self {
        Self { core }
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        self.core.sessions.len()
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends to one session, without waiting.
    ///
    /// # Errors
    ///
    /// Both give the message back: [`SendError::Closed`] if there is no such session,
    /// [`SendError::Full`] if more than
    /// [`outbox_high_water`](engineio_proto::ServerConfig::outbox_high_water) bytes are queued for
    /// it already.
    pub fn send(&self, sid: &Sid, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        let outgoing = outgoing.into();
        match self.core.sessions.get(sid.as_str()) {
            Some(session) => crate::shared::waits::try_send(&session, outgoing),
            None => Err(SendError::Closed(outgoing)),
        }
    }

    /// Sends to several sessions, without waiting. The payload is shared. [`Overflow`](crate::Overflow) says what
    /// happens to a session without room. Unknown identifiers are skipped.
    pub fn send_to(
        &self,
        sids: impl IntoIterator<Item = impl Borrow<Sid>>,
        outgoing: impl Into<Outgoing>,
    ) {
        let for_many = ForMany::new(&self.core.config, outgoing.into());
        let sessions = sids.into_iter();
        sessions
            .filter_map(|sid| self.core.sessions.get(sid.borrow().as_str()))
            .for_each(|session| for_many.send_or_overflow(&session));
    }

    /// Sends to every session of this server, without waiting. The payload is shared. [`Overflow`](crate::Overflow) says what
    /// happens to a session without room. Sessions that come or go meanwhile may or may not get the
    /// message.
    pub fn broadcast(&self, outgoing: impl Into<Outgoing>) {
        self.broadcast_where(|_, _| true, outgoing);
    }

    /// As [`broadcast`](Self::broadcast), to the sessions of all nodes of the cluster, if the server
    /// has a [bus](crate::cluster::Bus): at most once to those of other nodes.
    pub fn broadcast_to_cluster(&self, outgoing: impl Into<Outgoing>) {
        let outgoing = outgoing.into();
        self.broadcast(outgoing.clone());
        self.core.publish_to_everyone(&outgoing);
    }

    /// As [`broadcast`](Self::broadcast), to the sessions for which the filter returns `true`, such
    /// as all but one, or those with certain data. No lock is held while the filter runs.
    pub fn broadcast_where(
        &self,
        mut filter: impl FnMut(&Sid, &D) -> bool,
        outgoing: impl Into<Outgoing>,
    ) {
        let for_many = ForMany::new(&self.core.config, outgoing.into());
        let sessions = self.core.sessions.iter();
        sessions
            .filter(|session| filter(&session.side.sid, &session.side.data))
            .for_each(|session| for_many.send_or_overflow(&session));
    }

    /// The group of this name: sessions that get the same messages. It begins to exist with its
    /// first member.
    pub fn group(&self, name: impl AsRef<str>) -> Group<D> {
        Group::new(&self.core, name.as_ref())
    }

    /// Closes one session when its queued messages have left, at the latest after
    /// [`close_timeout`](engineio_proto::ServerConfig::close_timeout). `false`: there is no such
    /// session.
    pub fn disconnect(&self, sid: &Sid) -> bool {
        let session = self.core.sessions.get(sid.as_str());
        let closed = session.and_then(|session| session.turn(|turn| turn.session.close(turn.now)));
        closed.is_some()
    }
}

impl<D: Data> Clone for Sessions<D> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core) }
    }
}

impl<D: Data> fmt::Debug for Sessions<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("len", &self.len()).finish_non_exhaustive()
    }
}
