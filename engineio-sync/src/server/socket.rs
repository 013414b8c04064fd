//! A session, as the thread that reads it has it.

use std::fmt;
use std::time::Duration;

use engineio_hub::Data;
use engineio_proto::{Message, Outgoing, Revision, SendError, ServerCloseReason, Sid, Transport};

use super::sender::Sender;
use crate::block::{block_on, recv_timeout, try_recv};
use crate::error::{RecvTimeoutError, TryRecvError};

/// A session, for the thread that receives.
///
/// It has the methods of a [`Sender`]. Dropping it closes the session, after the queued messages
/// have left; [`detach`](Self::detach) keeps the session open.
#[must_use = "dropping it closes the session"]
pub struct Socket<D: Data = ()> {
    inner: engineio_hub::Socket<D>,
    sender: Sender<D>,
}

impl<D: Data> Socket<D> {
    pub(super) fn new(inner: engineio_hub::Socket<D>) -> Self {
        let sender = Sender::new(inner.sender());
        Self { inner, sender }
    }

    /// Waits for the client's next message. `None` once the session has ended and all its messages
    /// were received; [`close_reason`](Self::close_reason) then says why.
    ///
    /// An application that doesn't receive makes the client wait, and after
    /// [`stall_timeout`](crate::ServerConfig::stall_timeout) the session ends.
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

    /// The client's messages, as [`recv`](Self::recv) gives them.
    pub fn messages(&mut self) -> impl Iterator<Item = Message> {
        std::iter::from_fn(|| self.recv())
    }

    /// Queues a message as soon as there is room for it; see [`Sender::send`].
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] with the message, if the session closes first.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.sender.send(outgoing)
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] or [`SendError::Closed`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.sender.try_send(outgoing)
    }

    /// Waits until all messages queued so far have left for the client, or the session has ended.
    pub fn flush(&self) {
        self.sender.flush();
    }

    /// Closes the session when the queued messages have left. Doesn't wait for that.
    pub fn close(&self) {
        self.sender.close();
    }

    /// Waits until the session has ended, and returns why.
    pub fn closed(&self) -> ServerCloseReason {
        self.sender.closed()
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ServerCloseReason> {
        self.sender.close_reason()
    }

    /// The session's identifier.
    pub fn sid(&self) -> &Sid {
        self.sender.sid()
    }

    /// The application's data for the session, given when it was accepted.
    pub fn data(&self) -> &D {
        self.sender.data()
    }

    /// The revision that the client speaks.
    pub fn revision(&self) -> Revision {
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

    /// A handle that sends on this session, for other threads.
    pub fn sender(&self) -> Sender<D> {
        self.sender.clone()
    }

    /// Keeps the session open without this handle. Its messages are discarded from now on; the
    /// server's `send` and `broadcast` still reach it.
    pub fn detach(self) {
        self.inner.detach();
    }
}

impl<D: Data> fmt::Debug for Socket<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
