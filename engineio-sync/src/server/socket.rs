//! A session, as the thread that reads it has it.

use std::fmt;
use std::time::Duration;

use engineio_hub::Data;
use engineio_proto::{Message, Outgoing, Revision, SendError, ServerCloseReason, Sid, Transport};

use super::sender::Sender;
use crate::block::{block_for, block_on, now};
use crate::errors::{RecvTimeoutError, TryRecvError};

/// A session, for the one thread that reads it.
///
/// Dropping it closes the session after what is queued has left;
/// [`detach`](Self::detach) lets it live.
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

    /// Waits for the client's next message. `None` once the session has ended and all messages
    /// were read; [`close_reason`](Self::close_reason) then says why.
    ///
    /// While nobody reads, the client is held back, and after
    /// [`stall_timeout`](crate::ServerConfig::stall_timeout) of that the session ends.
    pub fn recv(&mut self) -> Option<Message> {
        block_on(self.inner.recv())
    }

    /// As [`recv`](Self::recv), but waits for so long at most. Nothing is lost by a time-out.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError`] says whether a message may still come.
    pub fn recv_timeout(&mut self, at_most: Duration) -> Result<Message, RecvTimeoutError> {
        match block_for(self.inner.recv(), at_most) {
            Some(received) => received.ok_or(RecvTimeoutError::Closed),
            None => Err(RecvTimeoutError::TimedOut),
        }
    }

    /// As [`recv`](Self::recv), but without waiting.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`] says whether a message may still come.
    pub fn try_recv(&mut self) -> Result<Message, TryRecvError> {
        match now(self.inner.recv()) {
            Some(received) => received.ok_or(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
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

    /// Waits until everything that was queued up to now has left for the client, or
    /// the session has ended.
    pub fn flush(&self) {
        self.sender.flush();
    }

    /// Closes the session when what is queued has left. Doesn't wait for that.
    pub fn close(&self) {
        self.sender.close();
    }

    /// Waits for the end of the session, and says why it ended.
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

    /// What the application keeps with the session, given when it was accepted.
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

    /// How many bytes wait to leave.
    pub fn queued_bytes(&self) -> usize {
        self.sender.queued_bytes()
    }

    /// A handle that sends on this session, for other threads.
    pub fn sender(&self) -> Sender<D> {
        self.sender.clone()
    }

    /// Lets the session live without this handle: what the client says is thrown away
    /// from now on, and the server's own `send` and `broadcast` still reach it.
    pub fn detach(self) {
        self.inner.detach();
    }
}

impl<D: Data> fmt::Debug for Socket<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
