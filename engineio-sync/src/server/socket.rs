//! One session, for the application.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use engineio_proto::{Message, Outgoing, Revision, SendError, ServerCloseReason, Sid, Transport};

use super::waiting::Waiting;
use crate::block::now;
use crate::clock::machine_time;
use crate::timed_out::TimedOut;

/// A session, for the one thread that reads it.
///
/// Dropping it closes the session after what is queued has left;
/// [`detach`](Self::detach) lets it live.
#[must_use = "dropping it closes the session"]
pub struct Socket<D: Send + Sync + 'static = ()> {
    inner: engineio_hub::Socket<D>,
    sender: Sender<D>,
}

/// A session, for whoever sends. A clone is cheap and speaks for the same session;
/// it doesn't keep the session open.
pub struct Sender<D: Send + Sync + 'static = ()> {
    inner: engineio_hub::Sender<D>,
    waiting: Waiting<D>,
}

impl<D: Send + Sync + 'static> Socket<D> {
    pub(super) fn new(inner: engineio_hub::Socket<D>, waiting: Waiting<D>) -> Self {
        let sender = Sender { inner: inner.sender(), waiting };
        Self { inner, sender }
    }

    /// Waits for the client's next message. `None` once the session has ended and all messages
    /// were read; [`close_reason`](Sender::close_reason) then says why.
    ///
    /// While nobody reads, the client is held back, and after
    /// [`stall_timeout`](crate::ServerConfig::stall_timeout) of that the session ends.
    pub fn recv(&mut self) -> Option<Message> {
        self.sender.waiting.block_on(self.inner.recv())
    }

    /// As [`recv`](Self::recv), but no longer than this.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if nothing has come by then; nothing is lost.
    pub fn recv_timeout(&mut self, at_most: Duration) -> Result<Option<Message>, TimedOut> {
        let until = machine_time().checked_add(at_most);
        self.sender.waiting.block_until(self.inner.recv(), until).ok_or(TimedOut)
    }

    /// As [`recv`](Self::recv), but without waiting.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if nothing is there now.
    pub fn try_recv(&mut self) -> Result<Option<Message>, TimedOut> {
        if let Some(received) = now(self.inner.recv()) {
            return Ok(received);
        }
        self.sender.waiting.give_turn();
        now(self.inner.recv()).ok_or(TimedOut)
    }

    /// The client's messages, as [`recv`](Self::recv) gives them.
    pub fn messages(&mut self) -> impl Iterator<Item = Message> {
        std::iter::from_fn(|| self.recv())
    }

    /// A handle that sends on this session.
    pub fn sender(&self) -> Sender<D> {
        self.sender.clone()
    }

    /// Lets the session live without this handle: what the client says is thrown away
    /// from now on, and the server's own `send` and `broadcast` still reach it.
    pub fn detach(self) {
        self.inner.detach();
    }
}

/// Everything that a [`Sender`] can do.
impl<D: Send + Sync + 'static> Deref for Socket<D> {
    type Target = Sender<D>;

    fn deref(&self) -> &Sender<D> {
        &self.sender
    }
}

impl<D: Send + Sync + 'static> Sender<D> {
    /// The session's identifier.
    pub fn sid(&self) -> &Sid {
        self.inner.sid()
    }

    /// What the application keeps with the session, given when it was accepted.
    pub fn data(&self) -> &D {
        self.inner.data()
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.inner.transport()
    }

    /// The revision that the client speaks.
    pub fn revision(&self) -> Option<Revision> {
        self.inner.revision()
    }

    /// How many bytes wait to leave.
    pub fn queued_bytes(&self) -> usize {
        self.inner.queued_bytes()
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ServerCloseReason> {
        self.inner.close_reason()
    }

    /// Queues a message, once there is room for it: waits while more than
    /// [`outbox_high_water`](crate::ServerConfig::outbox_high_water) bytes wait to leave. Of a server
    /// without [I/O threads](crate::ServerBuilder::io_threads) it is
    /// [`try_send`](Self::try_send).
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] with the message, if the session closes first.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        if self.waiting.is_here() {
            return self.try_send(outgoing);
        }
        self.waiting.block_on(self.inner.send(outgoing))
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
        self.waiting.block_on(self.inner.flush());
    }

    /// Closes the session when what is queued has left.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Waits for the end of the session, and says why it came.
    pub fn closed(&self) -> ServerCloseReason {
        self.waiting.block_on(self.inner.closed())
    }
}

impl<D: Send + Sync + 'static> Clone for Sender<D> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), waiting: self.waiting.clone() }
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Socket<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Sender<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
