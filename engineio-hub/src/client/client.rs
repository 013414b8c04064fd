//! The handle of a client.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use engineio_proto::client::{Event, Session};
use engineio_proto::{ClientCloseReason, Message, Outgoing, Revision, SendError, Sid, Transport};
use futures_core::Stream;
use futures_sink::Sink;

use super::sender::ClientSender;
use super::session::ClientSession;
use crate::shared::waiters::{Wait, WaitId};
use crate::shared::waits;

/// A session with a server, for the task that receives.
///
/// It is a `Stream` of the server's messages and a `Sink`; [`sender`](Self::sender) gives handles
/// to other tasks. Dropping it closes the session, after the queued messages have left.
#[must_use = "dropping it closes the session"]
pub struct Client {
    sender: ClientSender,
    /// Its place among the waiters, as a sink.
    sink: Option<WaitId>,
}

/// An event of a client's session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server sent a message.
    Message(Message),
    /// The session moved to another transport. No action is needed.
    Upgrade(Transport),
    /// The session ended. The last event.
    Disconnect(ClientCloseReason),
}

/// An attempt to connect: ready when the session is open or the attempt has failed. Dropping it
/// gives up the attempt.
#[must_use = "dropping it gives up the attempt"]
pub struct Connecting(Option<Client>);

impl Connecting {
    pub(super) const fn new(session: Arc<ClientSession>) -> Self {
        Self(Some(Client { sender: ClientSender::new(session), sink: None }))
    }
}

impl Future for Connecting {
    type Output = Result<Client, ClientCloseReason>;

    /// Must not be polled again after it returned `Ready`.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(client) = &self.0 else { return Poll::Pending };
        let polled = client.sender.session.turn(|turn| match turn.session.poll_event() {
            Some(Event::Opened(_)) => Poll::Ready(None),
            Some(Event::Closed(reason)) => Poll::Ready(Some(reason)),
            // An unopened session has no event.
            Some(_) | None => {
                turn.waiters.reader(cx.waker());
                Poll::Pending
            }
        });
        match polled.unwrap_or(Poll::Ready(Some(ClientCloseReason::Application))) {
            Poll::Ready(None) => self.0.take().map_or(Poll::Pending, |it| Poll::Ready(Ok(it))),
            Poll::Ready(Some(reason)) => Poll::Ready(Err(reason)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Client {
    /// Waits for the server's next message. `None` once the session has ended and all its messages
    /// were received; [`close_reason`](Self::close_reason) then says why.
    ///
    /// Dropping the future loses nothing. A client that doesn't receive makes the server wait,
    /// which may end the session for that.
    pub fn recv(&mut self) -> impl Future<Output = Option<Message>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// The poll function behind [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            match self.poll_event(cx) {
                Poll::Ready(Some(ClientEvent::Message(message))) => {
                    return Poll::Ready(Some(message));
                }
                Poll::Ready(Some(ClientEvent::Disconnect(_)) | None) => return Poll::Ready(None),
                Poll::Ready(Some(ClientEvent::Upgrade(_))) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Waits for the next event: a message, an upgrade, or the end. `None` after the end.
    pub fn event(&mut self) -> impl Future<Output = Option<ClientEvent>> {
        poll_fn(|cx| self.poll_event(cx))
    }

    /// The poll function behind [`event`](Self::event).
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        let polled = self.sender.session.turn(|turn| {
            loop {
                return Poll::Ready(Some(match turn.session.poll_event() {
                    Some(Event::Message(message)) => ClientEvent::Message(message),
                    Some(Event::Upgraded(transport)) => ClientEvent::Upgrade(transport),
                    Some(Event::Closed(reason)) => ClientEvent::Disconnect(reason),
                    Some(_) => continue,
                    None if turn.session.is_closed() => return Poll::Ready(None),
                    None => {
                        turn.waiters.reader(cx.waker());
                        return Poll::Pending;
                    }
                }));
            }
        });
        polled.unwrap_or(Poll::Ready(None))
    }

    /// Queues a message as soon as there is room for it; see [`ClientSender::send`].
    pub fn send<M: Into<Outgoing>>(
        &self,
        outgoing: M,
    ) -> impl Future<Output = Result<(), SendError>> + use<'_, M> {
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
    pub fn flush(&self) -> impl Future<Output = ()> {
        self.sender.flush()
    }

    /// Closes the session when the queued messages have left. Doesn't wait for that.
    pub fn close(&self) {
        self.sender.close();
    }

    /// Waits until the session has ended, and returns why.
    pub fn closed(&self) -> impl Future<Output = ClientCloseReason> {
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

    /// A handle for other tasks, which sends on this session.
    pub fn sender(&self) -> ClientSender {
        self.sender.clone()
    }

    fn poll_wait(&mut self, cx: &Context<'_>, wait: impl FnOnce(&Session) -> Wait) -> Poll<()> {
        waits::poll_wait(&self.sender.session, &mut self.sink, cx, wait)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.sender.session.turn(|turn| {
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

/// The server's messages, as [`Client::recv`] gives them.
impl Stream for Client {
    type Item = Message;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.get_mut().poll_recv(cx)
    }
}

/// Ready while the session takes messages, flushed when they have left.
impl<M: Into<Outgoing>> Sink<M> for Client {
    type Error = SendError;

    /// Also ready once the session closes: `start_send` then gives the message back.
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

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("sid", &self.sid()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").finish_non_exhaustive()
    }
}
