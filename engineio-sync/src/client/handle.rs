//! The handle of a client.

use std::iter;
use std::time::Duration;

use engineio_hub::client::ClientEvent;
use engineio_proto::{ClientCloseReason, Message, Outgoing, Revision, SendError, Sid, Transport};

use super::sender::ClientSender;
use crate::block::{block_on, recv_timeout, try_recv};
use crate::error::{RecvTimeoutError, TryRecvError};

/// A session with a server, for the thread that receives.
///
/// [`sender`](Self::sender) gives handles to other threads. Dropping it closes the session, after
/// the queued messages have left.
#[derive(Debug)]
#[must_use = "dropping it closes the session"]
pub struct Client {
    inner: engineio_hub::client::Client,
    sender: ClientSender,
}

impl Client {
    pub(super) fn new(inner: engineio_hub::client::Client) -> Self {
        let sender = ClientSender::new(inner.sender());
        Self { inner, sender }
    }

    /// Waits for the server's next message. `None` once the session has ended and all its messages
    /// were received; [`close_reason`](Self::close_reason) then says why.
    ///
    /// A client that doesn't receive makes the server wait, which may end the session for that.
    pub fn recv(&mut self) -> Option<Message> {
        block_on(self.inner.recv())
    }

    /// As [`recv`](Self::recv), but waits no longer than `at_most`.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::TimedOut`] if no message came in time (nothing is lost),
    /// [`RecvTimeoutError::Closed`] where [`recv`](Self::recv) gives `None`.
    pub fn recv_timeout(&mut self, at_most: Duration) -> Result<Message, RecvTimeoutError> {
        recv_timeout(self.inner.recv(), at_most)
    }

    /// As [`recv`](Self::recv), but without waiting.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if no message is there now, [`TryRecvError::Closed`] where
    /// [`recv`](Self::recv) gives `None`.
    pub fn try_recv(&mut self) -> Result<Message, TryRecvError> {
        try_recv(self.inner.recv())
    }

    /// The server's messages, as [`recv`](Self::recv) gives them.
    pub fn messages(&mut self) -> impl Iterator<Item = Message> {
        iter::from_fn(|| self.recv())
    }

    /// Waits for the next event: a message, an upgrade, or the end. `None` after the end.
    pub fn event(&mut self) -> Option<ClientEvent> {
        block_on(self.inner.event())
    }

    /// Queues a message as soon as there is room for it; see [`ClientSender::send`].
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] if the session closes first, and [`SendError::TooLarge`] if the
    /// server takes none of this length, with the message.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.sender.send(outgoing)
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::Closed`] or [`SendError::TooLarge`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.sender.try_send(outgoing)
    }

    /// Waits until all messages queued so far have left for the server, or the session has ended.
    pub fn flush(&self) {
        self.sender.flush();
    }

    /// Closes the session when the queued messages have left. Doesn't wait for that.
    pub fn close(&self) {
        self.sender.close();
    }

    /// Waits until the session has ended, and returns why.
    pub fn closed(&self) -> ClientCloseReason {
        self.sender.closed()
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ClientCloseReason> {
        self.sender.close_reason()
    }

    /// The identifier that the server gave the session.
    pub fn sid(&self) -> Option<Sid> {
        self.sender.sid()
    }

    /// The revision of the protocol that the session speaks.
    pub fn revision(&self) -> Option<Revision> {
        self.sender.revision()
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.sender.transport()
    }

    /// How many bytes are queued and haven't left.
    pub fn queued_bytes(&self) -> usize {
        self.sender.queued_bytes()
    }

    /// A handle for other threads, which sends on this session.
    pub fn sender(&self) -> ClientSender {
        self.sender.clone()
    }
}
