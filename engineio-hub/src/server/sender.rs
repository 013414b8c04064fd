//! A handle that sends on a session.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use engineio_proto::{Outgoing, Revision, SendError, ServerCloseReason, Sid, Transport};

use super::session::{Overflow, ServerSession};
use crate::data::Data;
use crate::shared::waits;

/// A handle that sends on a session. Clones are cheap and send on the same session; they don't keep
/// it open.
pub struct Sender<D: Data = ()> {
    pub(crate) session: Arc<ServerSession<D>>,
}

impl<D: Data> Sender<D> {
    pub(crate) const fn new(session: Arc<ServerSession<D>>) -> Self {
        Self { session }
    }

    /// The session's identifier.
    pub fn sid(&self) -> &Sid {
        &self.session.side.sid
    }

    /// The application's data for the session, given when it was accepted.
    pub fn data(&self) -> &D {
        &self.session.side.data
    }

    /// The revision that the client speaks.
    pub fn revision(&self) -> Revision {
        self.session.side.revision
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.session.look(|session| session.transport()).flatten()
    }

    /// How many bytes are queued and haven't left.
    pub fn queued_bytes(&self) -> usize {
        self.session.look(|session| session.queued_bytes()).unwrap_or(0)
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ServerCloseReason> {
        self.session.look(|session| session.close_reason().cloned()).flatten()
    }

    /// Queues a message. Waits while more than
    /// [`outbox_high_water`](engineio_proto::ServerConfig::outbox_high_water) bytes are queued. The
    /// future gives the message back with [`SendError::Closed`] if the session closes first. If it
    /// is dropped before it is ready, nothing was queued.
    pub fn send<M: Into<Outgoing>>(
        &self,
        outgoing: M,
    ) -> impl Future<Output = Result<(), SendError>> + use<'_, D, M> {
        waits::send(&self.session, outgoing.into())
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] or [`SendError::Closed`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        waits::try_send(&self.session, outgoing.into())
    }

    /// Waits until all messages queued so far have left for the client, or the session has ended.
    pub fn flush(&self) -> impl Future<Output = ()> {
        waits::flush(&self.session)
    }

    /// Sets what happens to broadcast messages that the session has no room for.
    pub fn set_overflow(&self, overflow: Overflow) {
        self.session.turn(|turn| turn.state.overflow = overflow);
    }

    /// Closes the session when the queued messages have left. Doesn't wait for that.
    pub fn close(&self) {
        self.session.turn(|turn| turn.session.close(turn.now));
    }

    /// Waits until the session has ended, and returns why.
    pub fn closed(&self) -> impl Future<Output = ServerCloseReason> {
        waits::closed(&self.session, ServerCloseReason::Shutdown)
    }
}

impl<D: Data> Clone for Sender<D> {
    fn clone(&self) -> Self {
        Self { session: Arc::clone(&self.session) }
    }
}

/// Two are equal if they send on the same session.
impl<D: Data> PartialEq for Sender<D> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.session, &other.session)
    }
}

impl<D: Data> Eq for Sender<D> {}

impl<D: Data> fmt::Debug for Sender<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("sid", self.sid()).finish_non_exhaustive()
    }
}
