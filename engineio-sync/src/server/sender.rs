//! A session, as whoever sends has it.

use std::fmt;

use engineio_hub::{Data, Overflow};
use engineio_proto::{Outgoing, Revision, SendError, ServerCloseReason, Sid, Transport};

use crate::block::block_on;

/// A session, for sending. A clone is cheap and means the same session; it doesn't keep the
/// session open. Two are equal if they mean the same session.
pub struct Sender<D: Data = ()> {
    inner: engineio_hub::Sender<D>,
}

impl<D: Data> Sender<D> {
    pub(super) const fn new(inner: engineio_hub::Sender<D>) -> Self {
        Self { inner }
    }

    /// The session's identifier.
    pub fn sid(&self) -> &Sid {
        self.inner.sid()
    }

    /// What the application keeps with the session, given when it was accepted.
    pub fn data(&self) -> &D {
        self.inner.data()
    }

    /// The revision that the client speaks.
    pub fn revision(&self) -> Revision {
        self.inner.revision()
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.inner.transport()
    }

    /// How many bytes wait to leave.
    pub fn queued_bytes(&self) -> usize {
        self.inner.queued_bytes()
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ServerCloseReason> {
        self.inner.close_reason()
    }

    /// Queues a message as soon as there is room for it: waits while more than
    /// [`outbox_high_water`](crate::ServerConfig::outbox_high_water) bytes wait to leave.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] with the message, if the session closes first.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        block_on(self.inner.send(outgoing))
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] or [`SendError::Closed`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.inner.try_send(outgoing)
    }

    /// Waits until everything that was queued up to now has left for the client, or
    /// the session has ended.
    pub fn flush(&self) {
        block_on(self.inner.flush());
    }

    /// What happens to broadcast messages that the session has no room for.
    pub fn set_overflow(&self, overflow: Overflow) {
        self.inner.set_overflow(overflow);
    }

    /// Closes the session when what is queued has left. Doesn't wait for that.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Waits for the end of the session, and says why it ended.
    pub fn closed(&self) -> ServerCloseReason {
        block_on(self.inner.closed())
    }
}

impl<D: Data> PartialEq for Sender<D> {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl<D: Data> Eq for Sender<D> {}

impl<D: Data> Clone for Sender<D> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<D: Data> fmt::Debug for Sender<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
