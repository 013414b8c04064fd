//! A session, for the task that receives.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::iter;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use engineio_proto::server::{Event, Session};
use engineio_proto::{Message, Outgoing, Revision, SendError, ServerCloseReason, Sid, Transport};
use futures_core::Stream;
use futures_sink::Sink;

use super::audience::Audience;
use super::sender::Sender;
use super::session::ServerSession;
use crate::data::Data;
use crate::shared::task::Task;
use crate::shared::waiters::{Wait, WaitId};
use crate::shared::waits;

/// A session, for the task that receives.
///
/// Dropping it closes the session, after the queued messages have left; [`detach`](Self::detach)
/// keeps the session open.
#[must_use = "dropping it closes the session"]
pub struct Socket<D: Data = ()> {
    sender: Sender<D>,
    /// Boxed, since a session that was never used has none.
    received: Option<Box<Received>>,
    /// Its place among the waiters, as a sink.
    sink: Option<WaitId>,
}

/// What is left of the last turn that brought messages.
#[derive(Default)]
struct Received {
    /// Events that the session gave out together, and that wait here without its lock.
    batch: VecDeque<Event>,
    /// The task that was registered as the session's reader in that turn, and the count of wake-ups
    /// at that time: as long as it stays the same, nothing more has come.
    waiting: Option<(Task, u32)>,
}

impl Received {
    fn next_message(&mut self) -> Option<Message> {
        iter::from_fn(|| self.batch.pop_front()).find_map(message)
    }
}

impl<D: Data> Socket<D> {
    pub(crate) const fn new(session: Arc<ServerSession<D>>) -> Self {
        Self { sender: Sender::new(session), received: None, sink: None }
    }

    /// Waits for the client's next message. `None` once the session has ended and all its messages
    /// were received; [`close_reason`](Self::close_reason) then says why.
    ///
    /// Dropping the future loses nothing. An application that doesn't receive makes the client
    /// wait, and after [`stall_timeout`](engineio_proto::ServerConfig::stall_timeout) the session
    /// ends.
    pub fn recv(&mut self) -> impl Future<Output = Option<Message>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// The poll function behind [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let Self { sender: Sender { session, .. }, received, .. } = self;
        if let Some(received) = received {
            if let Some(message) = received.next_message() {
                session.side.has_progressed.store(true, Relaxed);
                return Poll::Ready(Some(message));
            }
            if received.waiting == Some((Task::of(cx), session.reader_wakes())) {
                return Poll::Pending;
            }
            received.waiting = None;
        }
        let polled = session.quick_turn(|turn| {
            let message = next_message(turn.session);
            if turn.session.has_event() {
                turn.session.poll_events(&mut received.get_or_insert_default().batch);
                return Poll::Ready(message);
            }
            if turn.session.is_closed() {
                return Poll::Ready(message);
            }
            if message.is_none() {
                turn.waiters.reader(cx.waker());
                return Poll::Pending;
            }
            if turn.session.transport() == Some(Transport::WebSocket) {
                // Over a WebSocket nothing depends on when the application comes back, so it needs no
                // turn to say so.
                turn.waiters.reader(cx.waker());
                let waiting = (Task::of(cx), session.reader_wakes());
                received.get_or_insert_default().waiting = Some(waiting);
            }
            Poll::Ready(message)
        });
        polled.unwrap_or(Poll::Ready(None))
    }

    /// Queues a message as soon as there is room for it; see [`Sender::send`].
    pub fn send<M: Into<Outgoing>>(
        &self,
        outgoing: M,
    ) -> impl Future<Output = Result<(), SendError>> + use<'_, D, M> {
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
    pub fn flush(&self) -> impl Future<Output = ()> {
        self.sender.flush()
    }

    /// Closes the session when the queued messages have left. Doesn't wait for that.
    pub fn close(&self) {
        self.sender.close();
    }

    /// Waits until the session has ended, and returns why.
    pub fn closed(&self) -> impl Future<Output = ServerCloseReason> {
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

    /// A handle for other tasks, which sends on this session.
    pub fn sender(&self) -> Sender<D> {
        self.sender.clone()
    }

    /// Keeps the session open without this handle. Its messages are discarded from now on; the
    /// server's `send` and `broadcast` still reach it.
    pub fn detach(self) {
        self.sender.session.detach();
    }

    fn poll_wait(&mut self, cx: &Context<'_>, wait: impl FnOnce(&Session) -> Wait) -> Poll<()> {
        waits::poll_wait(&self.sender.session, &mut self.sink, cx, wait)
    }
}

/// The session's next message. `None` also tells the session that the application has dealt with
/// the last one.
fn next_message(session: &mut Session) -> Option<Message> {
    iter::from_fn(|| session.poll_event()).find_map(message)
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Message(message) => Some(message),
        Event::Closed(_) | _ => None,
    }
}

impl<D: Data> Drop for Socket<D> {
    fn drop(&mut self) {
        self.sender.session.turn(|turn| {
            turn.waiters.forget_reader();
            self.sink.into_iter().for_each(|id| turn.waiters.forget_handle(id));
            if turn.state.audience == Audience::Socket {
                turn.state.audience = Audience::Nobody;
                turn.session.close(turn.now);
            }
        });
    }
}

/// The client's messages, as [`Socket::recv`] gives them.
impl<D: Data> Stream for Socket<D> {
    type Item = Message;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.get_mut().poll_recv(cx)
    }
}

/// Ready while the session takes messages, flushed when they have left.
impl<D: Data, M: Into<Outgoing>> Sink<M> for Socket<D> {
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
        let socket = self.get_mut();
        socket.close();
        socket.poll_wait(cx, |_| Wait::Closed).map(Ok)
    }
}

impl<D: Data> fmt::Debug for Socket<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("sid", self.sid()).finish_non_exhaustive()
    }
}
