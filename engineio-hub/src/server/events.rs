//! The events of all sessions, in one stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use engineio_proto::server::Event;
use engineio_proto::{Message, ServerCloseReason, Transport};
use futures_core::Stream;

use super::admission::Admission;
use super::audience::{Audience, News, Told};
use super::login::{self, Decide};
use super::reception::{Arrival, Pickup};
use super::running::Running;
use super::sender::Sender;
use super::session::ServerSession;
use crate::data::Data;

/// An event of one of the server's sessions. The [`Sender`] sends on that session.
#[non_exhaustive]
pub enum ServerEvent<D: Data = ()> {
    /// A client connected, and its session is open. The first event of this session.
    Connect(Sender<D>),
    /// The client sent a message. The messages of a session come in order.
    Message(Sender<D>, Message),
    /// The session moved to another transport. No action is needed.
    Upgrade(Sender<D>, Transport),
    /// The session ended. The last event of this session.
    Disconnect(Sender<D>, ServerCloseReason),
}

/// The events of all sessions of a server, as a stream. Sessions take turns, so a busy one doesn't
/// starve the others.
///
/// Clones are for several workers. Each event goes to one of them. Until that worker asks for its
/// next event, no other gets an event of the same session, so the events of a session are handled
/// in order.
pub struct Events<D: Data = ()> {
    running: Arc<Running<D>>,
    /// `None`: the stream is always empty, as the server is consumed in another way.
    listeners: Option<Arc<Listeners<D>>>,
    last: Claimed<D>,
}

/// The session of the last event. A clone starts with none.
struct Claimed<D: Data>(Option<Arc<ServerSession<D>>>);

/// Shared by all clones of one stream. When the last is dropped, events are discarded.
struct Listeners<D: Data> {
    running: Arc<Running<D>>,
    /// Run by the caller that asks for the next event, and may block it.
    login: Option<Decide<D>>,
}

impl<D: Data> Events<D> {
    pub(crate) fn new(running: &Arc<Running<D>>, login: Option<Decide<D>>) -> Self {
        let listeners = Arc::new(Listeners { running: Arc::clone(running), login });
        Self { listeners: Some(listeners), ..Self::without(running) }
    }

    /// An empty stream.
    pub(crate) fn without(running: &Arc<Running<D>>) -> Self {
        Self { running: Arc::clone(running), listeners: None, last: Claimed(None) }
    }

    /// Waits for the next event. `None` once the server has closed and all events were given.
    pub async fn next(&mut self) -> Option<ServerEvent<D>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The poll function behind [`next`](Self::next).
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<ServerEvent<D>>> {
        self.poll_next_event(Some(cx.waker()))
    }

    /// As [`poll_event`](Self::poll_event), but doesn't arrange a wake-up if there is no event now.
    pub fn poll_now(&mut self) -> Poll<Option<ServerEvent<D>>> {
        self.poll_next_event(None)
    }

    /// Whether no session can have a new event.
    fn is_over(&self) -> bool {
        self.running.core.is_closing() && self.running.core.sessions.len() == 0
    }

    fn poll_next_event(&mut self, waker: Option<&Waker>) -> Poll<Option<ServerEvent<D>>> {
        let Some(listeners) = self.listeners.clone() else { return Poll::Ready(None) };
        // The caller has handled the last event.
        self.last.release();
        loop {
            if let Some(login) = &listeners.login {
                self.decide(login, waker);
            }
            // Checked before the queue: the last session's events were queued before the session
            // was gone.
            let was_over = self.is_over();
            let Some(session) = self.running.core.ready.next(waker) else {
                if was_over {
                    return Poll::Ready(None);
                }
                // It may have ended before the waker was registered.
                if self.is_over() {
                    continue;
                }
                return Poll::Pending;
            };
            self.last = Claimed(Some(Arc::clone(&session)));
            if let Some(event) = take_event(&session) {
                return Poll::Ready(Some(event));
            }
            // Its claim has ended already.
            self.last.0 = None;
        }
    }

    /// Lets the login decide about all waiting handshakes.
    fn decide(&self, login: &Decide<D>, waker: Option<&Waker>) {
        while let Poll::Ready(Some(arrival)) =
            self.running.reception.poll_next(Pickup::Events, waker)
        {
            let Arrival { pending, handshake } = arrival;
            let admission = Admission::new(&self.running, pending);
            admission.conclude(login::decide(login, &handshake), Audience::Events(Told::default()));
        }
    }
}

impl<D: Data> Claimed<D> {
    /// Ends the claim, so that another worker may have the session. If it has more events, it is
    /// queued again when this turn ends.
    fn release(&mut self) {
        if let Some(session) = self.0.take() {
            session.turn(|turn| turn.release());
        }
    }
}

impl<D: Data> Clone for Events<D> {
    fn clone(&self) -> Self {
        let listeners = self.listeners.clone();
        Self { running: Arc::clone(&self.running), listeners, last: Claimed(None) }
    }
}

impl<D: Data> Drop for Claimed<D> {
    fn drop(&mut self) {
        self.release();
    }
}

/// The next event of a claimed session. Without one, the claim ends.
fn take_event<D: Data>(session: &Arc<ServerSession<D>>) -> Option<ServerEvent<D>> {
    loop {
        let news = session.turn(|turn| turn.next_news())??;
        let sender = Sender::new(Arc::clone(session));
        return Some(match news {
            News::Opened => ServerEvent::Connect(sender),
            News::Event(Event::Message(message)) => ServerEvent::Message(sender, message),
            News::Event(Event::Upgraded(transport)) => ServerEvent::Upgrade(sender, transport),
            News::Event(Event::Closed(reason)) => ServerEvent::Disconnect(sender, reason),
            News::Event(_) => continue,
        });
    }
}

/// The sessions go on, and their clients' messages are discarded.
impl<D: Data> Drop for Listeners<D> {
    fn drop(&mut self) {
        self.running.core.ready.end().iter().for_each(ServerSession::detach);
    }
}

impl<D: Data> Stream for Events<D> {
    type Item = ServerEvent<D>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ServerEvent<D>>> {
        self.get_mut().poll_event(cx)
    }
}

impl<D: Data> fmt::Debug for Events<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl<D: Data> fmt::Debug for ServerEvent<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(sender) => f.debug_tuple("Connect").field(sender.sid()).finish(),
            Self::Message(sender, message) => {
                f.debug_tuple("Message").field(sender.sid()).field(message).finish()
            }
            Self::Upgrade(sender, transport) => {
                f.debug_tuple("Upgrade").field(sender.sid()).field(transport).finish()
            }
            Self::Disconnect(sender, reason) => {
                f.debug_tuple("Disconnect").field(sender.sid()).field(reason).finish()
            }
        }
    }
}
