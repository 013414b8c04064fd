//! The handle of a client that reconnects.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use engineio_proto::client::{Backoff, GiveUp, Retries, Verdict};
use engineio_proto::{ClientCloseReason, Instant, Outgoing, Refused, SendError};
use futures_core::Stream;

use super::attempt::{Attempt, Prepare, Prepared, Preparing, chosen, fixed};
use super::dial::{Dial, Dialing, Sleeping};
use super::event::{GaveUp, ReconnectingEvent};
use super::link::Link;
use super::sender::ReconnectingSender;
use crate::client::client::{Client, ClientEvent};
use crate::client::error::ConnectError;
use crate::client::options::ClientOptions;
use crate::client::sender::ClientSender;

/// A client that connects again when its session is lost, for the task that receives.
///
/// It is a `Stream` of its [events](ReconnectingEvent). [`sender`](Self::sender) gives handles to
/// other tasks. It has no task of its own for reconnecting: it connects, waits and connects again
/// while the application waits for the next event. Dropping it gives up an attempt, and closes the
/// session after the queued messages have left.
#[must_use = "it connects only while its events are waited for; dropping it closes the session"]
pub struct ReconnectingClient {
    dial: Box<dyn Dial>,
    prepare: Prepare,
    retries: Retries,
    /// The refusal that ended the last attempt or session.
    refused: Option<Refused>,
    state: State,
    /// Comes before everything else.
    next: Option<ReconnectingEvent>,
    sender: ReconnectingSender,
}

enum State {
    /// An attempt is due.
    Due,
    /// The application chooses its options.
    Preparing(Preparing),
    Connecting(Dialing),
    Connected(Client),
    /// The next attempt is made then.
    Waiting(Instant, Sleeping),
    Over,
}

impl ReconnectingClient {
    /// Makes a client that connects with these options each time.
    pub fn new(dial: impl Dial, options: ClientOptions, backoff: Backoff) -> Self {
        Self::begin(dial, fixed(options), Retries::new(backoff))
    }

    /// Makes a client that asks for its options before each attempt.
    pub fn with<F>(
        dial: impl Dial,
        backoff: Backoff,
        options: impl FnMut(Attempt) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<ClientOptions, Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        Self::begin(dial, chosen(options), Retries::new(backoff).renewing())
    }

    fn begin(dial: impl Dial, prepare: Prepare, retries: Retries) -> Self {
        let sender = ReconnectingSender { link: Arc::new(Link::default()) };
        let (dial, state) = (Box::new(dial), State::Due);
        Self { dial, prepare, retries, refused: None, state, next: None, sender }
    }

    /// Waits for the next event. `None` after [`GaveUp`](ReconnectingEvent::GaveUp).
    ///
    /// Dropping the future loses nothing, and an attempt under way goes on when the next event is
    /// waited for. A client that isn't asked makes the server wait, which may end the session for
    /// that.
    pub fn event(&mut self) -> impl Future<Output = Option<ReconnectingEvent>> {
        poll_fn(|cx| self.poll_event(cx))
    }

    /// The poll function behind [`event`](Self::event).
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<ReconnectingEvent>> {
        if let Some(event) = self.next.take() {
            return Poll::Ready(Some(event));
        }
        loop {
            if let State::Connected(client) = &mut self.state {
                let event = ready!(client.poll_event(cx));
                return Poll::Ready(Some(self.happened(event)));
            }
            if let State::Over = self.state {
                return Poll::Ready(None);
            }
            if self.sender.link.poll_closed(cx) {
                return Poll::Ready(Some(self.give_up(GaveUp::Closed)));
            }
            match &mut self.state {
                State::Due => self.prepare(),
                State::Preparing(preparing) => {
                    let prepared = ready!(preparing.as_mut().poll(cx));
                    if let Err(event) = self.prepared(prepared) {
                        return Poll::Ready(Some(event));
                    }
                }
                State::Connecting(dialing) => {
                    let connected = ready!(dialing.as_mut().poll(cx));
                    return Poll::Ready(Some(self.connected(connected)));
                }
                State::Waiting(until, sleeping) => {
                    let is_asked = self.sender.link.take_asked();
                    let is_due = self.dial.now() >= *until;
                    if !is_asked && !is_due {
                        ready!(sleeping.as_mut().poll(cx));
                    }
                    if is_asked {
                        self.retries.restart();
                    }
                    self.state = State::Due;
                }
                State::Connected(_) | State::Over => {}
            }
        }
    }

    /// How long it is at most until the next event has to be polled for. `None` while only the
    /// waker tells. For a binding whose [timers](Dial::sleep) are never ready.
    pub fn time_left(&self) -> Option<Duration> {
        match &self.state {
            State::Waiting(until, _) => Some(until.saturating_since(self.dial.now())),
            State::Due
            | State::Preparing(_)
            | State::Connecting(_)
            | State::Connected(_)
            | State::Over => None,
        }
    }

    /// Queues a message on the current session; see [`ReconnectingSender::send`].
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] without a session or if it closes first, and [`SendError::TooLarge`],
    /// with the message.
    pub fn send<M: Into<Outgoing>>(
        &self,
        outgoing: M,
    ) -> impl Future<Output = Result<(), SendError>> + use<M> {
        self.sender.send(outgoing)
    }

    /// Queues a message if there is a session and room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] without a session, [`SendError::Full`] or [`SendError::TooLarge`], with
    /// the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.sender.try_send(outgoing)
    }

    /// Waits until all messages queued so far have left for the server, or the session has ended.
    /// That they left doesn't mean that they arrived.
    pub fn flush(&self) -> impl Future<Output = ()> + use<> {
        self.sender.flush()
    }

    /// The sender of the current session, which knows its identifier and its transport. `None` while
    /// there is none.
    pub fn session(&self) -> Option<ClientSender> {
        self.sender.session()
    }

    /// Asks for an attempt to connect at once; see [`ReconnectingSender::retry_now`].
    pub fn retry_now(&self) {
        self.sender.retry_now();
    }

    /// Closes the session when the queued messages have left, and ends the client: a delay or an
    /// attempt ends at once. Doesn't wait for that: the events go on to
    /// [`GaveUp`](ReconnectingEvent::GaveUp).
    pub fn close(&self) {
        self.sender.close();
    }

    /// A handle for other tasks.
    pub fn sender(&self) -> ReconnectingSender {
        self.sender.clone()
    }

    fn prepare(&mut self) {
        let attempt = Attempt { number: self.retries.attempt(), refused: self.refused.take() };
        self.state = State::Preparing((self.prepare)(attempt));
    }

    fn prepared(&mut self, prepared: Prepared) -> Result<(), ReconnectingEvent> {
        match prepared {
            Ok(options) => {
                self.state = State::Connecting(self.dial.dial(options));
                Ok(())
            }
            Err(error) => {
                self.note_asked();
                let verdict = self.retries.failed(self.dial.random());
                Err(self.go_on(verdict, Some(ConnectError::Prepare(error))))
            }
        }
    }

    fn connected(&mut self, connected: Result<Client, ConnectError>) -> ReconnectingEvent {
        match connected {
            Ok(client) => {
                self.retries.opened(self.dial.now());
                if !self.sender.link.open(client.sender()) {
                    client.close();
                }
                self.state = State::Connected(client);
                ReconnectingEvent::Connected
            }
            Err(error) => {
                let verdict = if let ConnectError::Closed { reason, .. } = &error
                    && !error.is_about_certificates()
                {
                    self.refused = refused(reason);
                    self.ended(reason)
                } else {
                    Verdict::GiveUp(GiveUp::Permanent)
                };
                self.go_on(verdict, Some(error))
            }
        }
    }

    /// An event of the session.
    fn happened(&mut self, event: Option<ClientEvent>) -> ReconnectingEvent {
        let reason = match event {
            Some(ClientEvent::Message(message)) => return ReconnectingEvent::Message(message),
            Some(ClientEvent::Upgrade(transport)) => return ReconnectingEvent::Upgrade(transport),
            Some(ClientEvent::Disconnect(reason)) => reason,
            None => ClientCloseReason::TransportLost, // the session's lock was poisoned
        };
        let unsent = self.sender.session().map_or(0, |session| session.unsent());
        self.sender.link.lose();
        self.refused = refused(&reason);
        self.next = Some(if self.sender.link.is_closed() {
            self.give_up(GaveUp::Closed)
        } else {
            let verdict = self.ended(&reason);
            self.go_on(verdict, None)
        });
        ReconnectingEvent::Lost { reason, unsent }
    }

    fn ended(&mut self, reason: &ClientCloseReason) -> Verdict {
        self.note_asked();
        self.retries.ended(self.dial.now(), reason, self.dial.random())
    }

    /// An attempt at once may have been asked for while another was under way.
    fn note_asked(&mut self) {
        if self.sender.link.is_asked() {
            self.retries.restart();
        }
    }

    fn go_on(&mut self, verdict: Verdict, error: Option<ConnectError>) -> ReconnectingEvent {
        match verdict {
            Verdict::Retry { after, attempt } => {
                let after = if self.sender.link.take_asked() { Duration::ZERO } else { after };
                self.state = State::Waiting(self.dial.now() + after, self.dial.sleep(after));
                ReconnectingEvent::Retry { after, attempt, error }
            }
            Verdict::GiveUp(why) => self.give_up(match (why, error) {
                // Only an attempt can fail permanently, not a session.
                (GiveUp::Permanent, Some(error)) => GaveUp::Permanent(error),
                (_, error) => GaveUp::Exhausted(error),
            }),
        }
    }

    fn give_up(&mut self, why: GaveUp) -> ReconnectingEvent {
        self.state = State::Over;
        self.sender.link.end();
        ReconnectingEvent::GaveUp(why)
    }
}

impl Drop for ReconnectingClient {
    fn drop(&mut self) {
        self.sender.link.end();
    }
}

/// The events, as [`ReconnectingClient::event`] gives them.
impl Stream for ReconnectingClient {
    type Item = ReconnectingEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ReconnectingEvent>> {
        self.get_mut().poll_event(cx)
    }
}

impl fmt::Debug for ReconnectingClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Due | State::Preparing(_) => "Preparing",
            State::Connecting(_) => "Connecting",
            State::Connected(_) => "Connected",
            State::Waiting(..) => "Waiting",
            State::Over => "Over",
        };
        f.debug_struct("ReconnectingClient")
            .field("state", &state)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

fn refused(reason: &ClientCloseReason) -> Option<Refused> {
    let ClientCloseReason::Refused(refused) = reason else { return None };
    Some(refused.clone())
}
