//! A handle on a reconnecting client, for other threads.

use engineio_hub::client::ReconnectingSender as Sender;
use engineio_proto::{Outgoing, SendError};

use super::sender::ClientSender;
use crate::block::block_on;

/// A handle that sends on the sessions of a reconnecting client. Clones are cheap and belong to the
/// same client; they don't keep it.
///
/// A thread that has much to send takes one session after the other:
///
/// ```
/// # use engineio_sync::ReconnectingSender;
/// fn report(sender: &ReconnectingSender) {
///     while let Some(session) = sender.connected() {
///         while session.send(measured()).is_ok() {}
///         // This session is over. What was measured last wasn't sent.
///     }
/// }
/// # fn measured() -> String { String::new() }
/// ```
#[derive(Clone, Debug)]
pub struct ReconnectingSender(Sender);

impl ReconnectingSender {
    pub(super) const fn new(sender: Sender) -> Self {
        Self(sender)
    }

    /// Waits until there is a session, and returns its own sender, which belongs to no other.
    /// `None` once there will be none. Returns at once while there is one.
    ///
    /// A session is there from [`Connected`](crate::ReconnectingEvent::Connected) on, so the
    /// client's thread has to wait for events meanwhile.
    pub fn connected(&self) -> Option<ClientSender> {
        block_on(self.0.connected()).map(ClientSender::new)
    }

    /// The sender of the current session. `None` while there is none.
    pub fn session(&self) -> Option<ClientSender> {
        self.0.session().map(ClientSender::new)
    }

    /// Queues a message on the current session; see [`ClientSender::send`]. Without a session, it
    /// doesn't wait for one.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] without a session or if it closes first, [`SendError::TooLarge`] if the
    /// message is longer than the server accepts. Both give the message back.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        block_on(self.0.send(outgoing))
    }

    /// Queues a message if there is a session and room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] without a session, [`SendError::Full`] or [`SendError::TooLarge`], with
    /// the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.0.try_send(outgoing)
    }

    /// Waits until all messages queued so far have left for the server, or the session has ended.
    /// That they left doesn't mean that they arrived.
    pub fn flush(&self) {
        block_on(self.0.flush());
    }

    /// Asks for an attempt to connect at once, because the network is back, for instance. The delays
    /// begin again with the first one, and so does the count of attempts. While an attempt is under
    /// way, the next one follows at once should it fail; while there is a session, nothing happens.
    pub fn retry_now(&self) {
        self.0.retry_now();
    }

    /// Closes the session when the queued messages have left, and ends the client: a delay or an
    /// attempt ends at once. Doesn't wait for that.
    pub fn close(&self) {
        self.0.close();
    }
}
