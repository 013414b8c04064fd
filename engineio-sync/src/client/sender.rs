//! A handle that sends.

use engineio_hub::client::ClientSender as Sender;
use engineio_proto::ClientCloseReason;
use engineio_proto::{Outgoing, Revision, SendError, Sid, Transport};

use crate::block::block_on;

/// A handle that sends on a session. Clones are cheap and send on the same session; they don't
/// keep it open.
#[derive(Clone, Debug)]
pub struct ClientSender(Sender);

impl ClientSender {
    pub(super) const fn new(sender: Sender) -> Self {
        Self(sender)
    }

    /// The identifier that the server gave the session.
    pub fn sid(&self) -> Option<Sid> {
        self.0.sid()
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.0.transport()
    }

    /// The revision of the protocol that the session speaks.
    pub fn revision(&self) -> Option<Revision> {
        self.0.revision()
    }

    /// How many bytes are queued and haven't left.
    pub fn queued_bytes(&self) -> usize {
        self.0.queued_bytes()
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ClientCloseReason> {
        self.0.close_reason()
    }

    /// Queues a message. Waits while more than
    /// [`outbox_high_water`](crate::ClientConfig::outbox_high_water) bytes are queued.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] if the session closes first, [`SendError::TooLarge`] if the message is
    /// longer than the server accepts. Both give the message back.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        block_on(self.0.send(outgoing))
    }

    /// Queues a message, if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::Closed`] or [`SendError::TooLarge`]. All give the message
    /// back.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.0.try_send(outgoing)
    }

    /// Waits until all messages queued so far have left for the server, or the session has ended.
    pub fn flush(&self) {
        block_on(self.0.flush());
    }

    /// Closes the session when the queued messages have left. Doesn't wait for that.
    pub fn close(&self) {
        self.0.close();
    }

    /// Waits until the session has ended, and returns why.
    pub fn closed(&self) -> ClientCloseReason {
        block_on(self.0.closed())
    }
}
