//! The application's end of a client's session.

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use engineio_proto::ClientCloseReason;
use engineio_proto::client::{Event, Session};
use engineio_proto::{HandshakeData, Message, Outgoing, Revision, SendError, Sid, Transport};
use futures_core::Stream;
use futures_sink::Sink;

use super::link::Link;
use crate::shared::line::Line;
use crate::shared::waiters::{Wait, WaitId};
use crate::shared::waits;

/// A session with a server, for the one task that reads it.
///
/// Dropping it closes the session after what is queued has left.
#[must_use = "dropping it closes the session"]
pub struct Client {
    sender: ClientSender,
    /// As a sink, it has one place among those who wait.
    sink: Option<WaitId>,
}

/// A session with a server, for whoever sends. A clone is cheap and speaks for the same
/// session; it doesn't keep the session open.
#[derive(Clone)]
pub struct ClientSender {
    link: Arc<Link>,
}

impl Client {
    pub(super) const fn new(link: Arc<Link>) -> Self {
        Self { sender: ClientSender { link }, sink: None }
    }

    /// Waits until the session is open. An error is the reason why it never will be.
    pub fn opened(&mut self) -> impl Future<Output = Result<HandshakeData, ClientCloseReason>> {
        poll_fn(|cx| {
            self.poll_event(cx).map(|event| match event {
                Some(Event::Opened(handshake)) => Ok(handshake),
                Some(Event::Closed(reason)) => Err(reason),
                _ => Err(self.close_reason().unwrap_or(ClientCloseReason::Application)),
            })
        })
    }

    /// The server's next message. `None` once the session has ended and all messages were
    /// read; [`close_reason`](ClientSender::close_reason) then says why.
    ///
    /// Nothing is lost if the future is dropped. While nobody reads, the server is held back,
    /// and may end the session for that.
    pub fn recv(&mut self) -> impl Future<Output = Option<Message>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// As [`recv`](Self::recv), for use in a task.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            match self.poll_event(cx) {
                Poll::Ready(Some(Event::Message(message))) => return Poll::Ready(Some(message)),
                Poll::Ready(Some(Event::Closed(_)) | None) => return Poll::Ready(None),
                Poll::Ready(Some(_)) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Whatever happens next: a message, the move to another transport, the end. `None` after
    /// that.
    pub fn event(&mut self) -> impl Future<Output = Option<Event>> {
        poll_fn(|cx| self.poll_event(cx))
    }

    /// As [`event`](Self::event), for use in a task.
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let polled = self.sender.link.with(|turn| match turn.session.poll_event() {
            Some(event) => Poll::Ready(Some(event)),
            None if turn.session.is_closed() => Poll::Ready(None),
            None => {
                turn.waiters.reader(cx.waker());
                Poll::Pending
            }
        });
        polled.unwrap_or(Poll::Ready(None))
    }

    /// A handle that sends on this session, for other tasks.
    pub fn sender(&self) -> ClientSender {
        self.sender.clone()
    }
}

/// Everything that a [`ClientSender`] can do.
impl Deref for Client {
    type Target = ClientSender;

    fn deref(&self) -> &ClientSender {
        &self.sender
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.sender.link.with(|turn| {
            self.sink.into_iter().for_each(|id| turn.waiters.forget_handle(id));
            if turn.session.sid().is_some() {
                turn.session.close(turn.now);
            } else {
                turn.session.abort(turn.now);
            }
            while turn.session.poll_event().is_some() {}
        });
    }
}

impl ClientSender {
    /// The identifier that the server gave the session; `None` before it is open.
    pub fn sid(&self) -> Option<Sid> {
        self.link.look(|session| session.sid().cloned()).flatten()
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.link.look(Session::transport).flatten()
    }

    /// The revision that is spoken.
    pub fn revision(&self) -> Option<Revision> {
        self.link.look(Session::revision)
    }

    /// How many bytes wait to leave.
    pub fn queued_bytes(&self) -> usize {
        self.link.look(Session::queued_bytes).unwrap_or(0)
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ClientCloseReason> {
        self.link.look(|session| session.close_reason().cloned()).flatten()
    }

    /// Queues a message, once there is room for it: waits while more than
    /// [`outbox_high_water`](engineio_proto::ClientConfig::outbox_high_water) bytes wait to
    /// leave. The future gives the message back with [`SendError::Closed`] if the session
    /// closes first, and with [`SendError::TooLarge`] if the server takes none of this length.
    /// Dropped before its end, it has queued nothing.
    pub fn send<M: Into<Outgoing>>(
        &self,
        outgoing: M,
    ) -> impl Future<Output = Result<(), SendError>> + use<'_, M> {
        waits::send(&self.link, outgoing.into())
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::Closed`] or [`SendError::TooLarge`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        waits::try_send(&self.link, outgoing.into())
    }

    /// Waits until everything that was queued up to now has left for the server, or the
    /// session has ended.
    pub fn flush(&self) -> impl Future<Output = ()> {
        waits::flush(&self.link)
    }

    /// Closes the session when what is queued has left.
    pub fn close(&self) {
        self.link.with(|turn| turn.session.close(turn.now));
    }

    /// Waits for the end of the session, and says why it came.
    pub fn closed(&self) -> impl Future<Output = ClientCloseReason> {
        waits::closed(&self.link)
    }
}

/// The server's messages, as [`Client::recv`] gives them.
impl Stream for Client {
    type Item = Message;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.get_mut().poll_recv(cx)
    }
}

/// Ready while the session takes messages; flushed when they have left.
impl<M: Into<Outgoing>> Sink<M> for Client {
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
        let client = self.get_mut();
        client.close();
        client.poll_wait(cx, |_| Wait::Closed).map(Ok)
    }
}

impl Client {
    fn poll_wait(&mut self, cx: &Context<'_>, wait: impl FnOnce(&Session) -> Wait) -> Poll<()> {
        waits::poll_wait(&self.sender.link, &mut self.sink, cx, wait)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("sid", &self.sid()).finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSender").field("sid", &self.sid()).finish_non_exhaustive()
    }
}
