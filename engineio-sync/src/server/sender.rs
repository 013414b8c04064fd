//! A handle that sends on a session.

use std::fmt;

use engineio_hub::{Data, Overflow};
use engineio_proto::{Outgoing, Revision, SendError, ServerCloseReason, Sid, Transport};

use crate::block::block_on;

/// A handle that sends on a session. Clones are cheap and send on the same session; they don't keep
/// it open. Two are equal if they send on the same session.
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

    /// The application's data for the session, given when it was accepted.
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

    /// How many bytes are queued and haven't left.
    pub fn queued_bytes(&self) -> usize {
        self.inner.queued_bytes()
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ServerCloseReason> {
        self.inner.close_reason()
    }

    /// Queues a message. Waits while more than
    /// [`outbox_high_water`](crate::ServerConfig::outbox_high_water) bytes are queued.
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

    /// Waits until all messages queued so far have left for the client, or the session has ended.
    pub fn flush(&self) {
        block_on(self.inner.flush());
    }

    /// Sets what happens to broadcast messages that the session has no room for.
    pub fn set_overflow(&self, overflow: Overflow) {
        self.inner.set_overflow(overflow);
    }

    /// Closes the session when the queued messages have left. Doesn't wait for that.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Waits until the session has ended, and returns why.
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
