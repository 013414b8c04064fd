//! The handle of those who send.

use engineio_hub::client::ClientSender as Sender;
use engineio_proto::ClientCloseReason;
use engineio_proto::{Outgoing, Revision, SendError, Sid, Transport};

use crate::block::block_on;

/// A session with a server, for sending. A clone is cheap and means the same session; it doesn't
/// keep the session open.
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

    /// The revision that is spoken.
    pub fn revision(&self) -> Option<Revision> {
        self.0.revision()
    }

    /// How many bytes wait to leave.
    pub fn queued_bytes(&self) -> usize {
        self.0.queued_bytes()
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ClientCloseReason> {
        self.0.close_reason()
    }

    /// Queues a message. Waits for room while more than
    /// [`outbox_high_water`](crate::ClientConfig::outbox_high_water) bytes wait to leave.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] if the session closes first, and [`SendError::TooLarge`] if the
    /// server takes none of this length, with the message.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        block_on(self.0.send(outgoing))
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::Closed`] or [`SendError::TooLarge`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.0.try_send(outgoing)
    }

    /// Waits until everything that was queued up to now has left for the server, or the
    /// session has ended.
    pub fn flush(&self) {
        block_on(self.0.flush());
    }

    /// Closes the session when what is queued has left. Doesn't wait for that.
    pub fn close(&self) {
        self.0.close();
    }

    /// Waits for the end of the session, and says why it came.
    pub fn closed(&self) -> ClientCloseReason {
        block_on(self.0.closed())
    }
}
