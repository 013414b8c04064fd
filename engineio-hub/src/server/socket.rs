//! The application's end of a session.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use engineio_proto::server::{Event, Session};
use engineio_proto::{Message, Outgoing, Revision, SendError, ServerCloseReason, Sid, Transport};
use futures_core::Stream;
use futures_sink::Sink;

use crate::server::session::{Audience, Cell};
use crate::shared::waiters::{Wait, WaitId};
use crate::shared::waits;

/// A session, for the one task that reads it.
///
/// Dropping it closes the session after what is queued has left;
/// [`detach`](Self::detach) lets it live.
#[must_use = "dropping it closes the session"]
pub struct Socket<D: Send + Sync + 'static = ()> {
    sender: Sender<D>,
    /// As a sink, it has one place among those who wait.
    sink: Option<WaitId>,
}

/// A session, for whoever sends. A clone is cheap and speaks for the same session;
/// it doesn't keep the session open.
pub struct Sender<D: Send + Sync + 'static = ()> {
    pub(crate) cell: Arc<Cell<D>>,
}

impl<D: Send + Sync + 'static> Socket<D> {
    pub(crate) const fn new(cell: Arc<Cell<D>>) -> Self {
        Self { sender: Sender { cell }, sink: None }
    }

    /// The client's next message. `None` once the session has ended and all messages
    /// were read; [`close_reason`](Sender::close_reason) then says why.
    ///
    /// Nothing is lost if the future is dropped. While nobody reads, the client is
    /// held back, and after [`stall_timeout`](engineio_proto::ServerConfig::stall_timeout)
    /// of that the session ends.
    pub fn recv(&mut self) -> impl Future<Output = Option<Message>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// As [`recv`](Self::recv), for use in a task.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let Some(mut turn) = self.sender.cell.turn() else { return Poll::Ready(None) };
        loop {
            match turn.poll_event(cx.waker()) {
                Some(Event::Message(message)) => return Poll::Ready(Some(message)),
                Some(Event::Closed(_)) => return Poll::Ready(None),
                Some(_) => {}
                None if turn.session.is_closed() => return Poll::Ready(None),
                None => return Poll::Pending,
            }
        }
    }

    /// A handle that sends on this session.
    pub fn sender(&self) -> Sender<D> {
        self.sender.clone()
    }

    /// Lets the session live without this handle: what the client says is thrown away
    /// from now on, and the server's own `send` and `broadcast` still reach it.
    pub fn detach(self) {
        self.sender.cell.detach();
    }
}

/// Everything that a [`Sender`] can do.
impl<D: Send + Sync + 'static> std::ops::Deref for Socket<D> {
    type Target = Sender<D>;

    fn deref(&self) -> &Sender<D> {
        &self.sender
    }
}

impl<D: Send + Sync + 'static> Drop for Socket<D> {
    fn drop(&mut self) {
        let Some(mut turn) = self.sender.cell.turn() else { return };
        self.sink.into_iter().for_each(|id| turn.waiters.forget_handle(id));
        if turn.audience == Audience::Socket {
            let now = turn.now;
            turn.audience = Audience::Nobody;
            turn.session.close(now);
        }
    }
}

impl<D: Send + Sync + 'static> Sender<D> {
    /// The session's identifier.
    pub fn sid(&self) -> &Sid {
        self.cell.sid()
    }

    /// What the application keeps with the session, given when it was accepted.
    pub fn data(&self) -> &D {
        &self.cell.data
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.cell.look(|session| session.transport()).flatten()
    }

    /// The revision that the client speaks.
    pub fn revision(&self) -> Option<Revision> {
        self.cell.look(|session| session.revision())
    }

    /// How many bytes wait to leave.
    pub fn queued_bytes(&self) -> usize {
        self.cell.look(|session| session.queued_bytes()).unwrap_or(0)
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ServerCloseReason> {
        self.cell.look(|session| session.close_reason().cloned()).flatten()
    }

    /// Queues a message, once there is room for it: waits while more than
    /// [`outbox_high_water`](engineio_proto::ServerConfig::outbox_high_water) bytes wait to
    /// leave. The future gives [`SendError::Closed`] with the message if the session
    /// closes first. Dropped before its end, it has queued nothing.
    pub fn send<M: Into<Outgoing>>(
        &self,
        outgoing: M,
    ) -> impl Future<Output = Result<(), SendError>> + use<'_, D, M> {
        waits::send(&self.cell, outgoing.into())
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] or [`SendError::Closed`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        waits::try_send(&self.cell, outgoing.into())
    }

    /// Waits until everything that was queued up to now has left for the client, or
    /// the session has ended.
    pub fn flush(&self) -> impl Future<Output = ()> {
        waits::flush(&self.cell)
    }

    /// Closes the session when what is queued has left.
    pub fn close(&self) {
        if let Some(mut turn) = self.cell.turn() {
            let now = turn.now;
            turn.session.close(now);
        }
    }

    /// Waits for the end of the session, and says why it came.
    pub fn closed(&self) -> impl Future<Output = ServerCloseReason> {
        waits::closed(&self.cell)
    }
}

impl<D: Send + Sync + 'static> Clone for Sender<D> {
    fn clone(&self) -> Self {
        Self { cell: Arc::clone(&self.cell) }
    }
}

/// The client's messages, as [`Socket::recv`] gives them.
impl<D: Send + Sync + 'static> Stream for Socket<D> {
    type Item = Message;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.get_mut().poll_recv(cx)
    }
}

/// Ready while the session takes messages; flushed when they have left.
impl<D: Send + Sync + 'static, M: Into<Outgoing>> Sink<M> for Socket<D> {
    type Error = SendError;

    /// Ready, too, once the session closes: `start_send` then gives the message back.
    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.get_mut().poll_wait(cx, |_| Wait::Writable).map(Ok)
    }

    fn start_send(self: Pin<&mut Self>, message: M) -> Result<(), SendError> {
        self.try_send(message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let newest = |session: &Session| Wait::HandedOver(session.accepted());
        self.get_mut().poll_wait(cx, newest).map(Ok)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let socket = self.get_mut();
        socket.close();
        socket.poll_wait(cx, |_| Wait::Closed).map(Ok)
    }
}

impl<D: Send + Sync + 'static> Socket<D> {
    fn poll_wait(&mut self, cx: &Context<'_>, wait: impl FnOnce(&Session) -> Wait) -> Poll<()> {
        waits::poll_wait(&self.sender.cell, &mut self.sink, cx, wait)
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Socket<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("sid", self.sid()).finish_non_exhaustive()
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Sender<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("sid", self.sid()).finish_non_exhaustive()
    }
}
