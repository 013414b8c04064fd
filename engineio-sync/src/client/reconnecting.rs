//! A client that connects again when its session is lost.

use std::error::Error;
use std::future::{pending, poll_fn, ready};
use std::iter;
use std::task::{Context, Waker};
use std::time::Duration;

use engineio_hub::Clock;
use engineio_hub::client::{
    self, Attempt, ClientOptions, Dial, Dialing, ReconnectingEvent, Sleeping, follow,
};
use engineio_proto::client::Backoff;
use engineio_proto::{Instant, Outgoing, SendError};

use super::connect::attempt;
use super::reconnecting_sender::ReconnectingSender;
use super::sender::ClientSender;
use crate::block::{block_for, block_on, received};
use crate::clock::{StdClock, machine_time};
use crate::error::{RecvTimeoutError, TryRecvError};

/// A client that connects again when its session is lost, for the thread that receives.
///
/// [`sender`](Self::sender) gives handles to other threads. It has no thread for reconnecting: it
/// connects, waits and connects again while its next event is waited for. Dropping it gives up an
/// attempt, and closes the session after the queued messages have left.
#[derive(Debug)]
#[must_use = "it connects only while its events are waited for; dropping it closes the session"]
pub struct ReconnectingClient {
    inner: client::ReconnectingClient,
    sender: ReconnectingSender,
}

/// Makes a client that connects again when its session is lost, with the same options each time.
///
/// It begins when its first [event](ReconnectingClient::event) is waited for. Nothing is sent again
/// in another session, and [`Lost`](ReconnectingEvent::Lost) says what was not sent. When it tries
/// again, and which refusals make it [give up](ReconnectingEvent::GaveUp), is in the table of
/// [`Retries`](engineio_proto::client::Retries). It takes one thread for each session.
///
/// # Examples
///
/// ```no_run
/// use engineio_sync::{Backoff, ReconnectingEvent, reconnecting};
///
/// # fn main() {
/// let mut client = reconnecting("http://127.0.0.1:3000", Backoff::new());
/// while let Some(event) = client.event() {
///     match event {
///         ReconnectingEvent::Connected => {
///             // It fails if the session is lost already: then `Lost` follows.
///             let _ = client.send("subscribe");
///         }
///         ReconnectingEvent::Message(message) => println!("{message:?}"),
///         ReconnectingEvent::Lost { reason, unsent } => println!("{reason}, {unsent} unsent"),
///         ReconnectingEvent::Retry { after, error, .. } => {
///             println!("trying again in {after:?}, after {error:?}");
///         }
///         ReconnectingEvent::GaveUp(why) => println!("{why}"),
///         _ => {}
///     }
/// }
/// # }
/// ```
pub fn reconnecting(options: impl Into<ClientOptions>, backoff: Backoff) -> ReconnectingClient {
    let dialer = Dialer(StdClock::start());
    ReconnectingClient::over(client::ReconnectingClient::new(dialer, options.into(), backoff))
}

/// Makes a client that asks for its options before each attempt, the first included: for addresses
/// that change, and for tokens that expire.
///
/// The thread that waits for the next event calls `options`, which may block.
///
/// A refusal of credentials (401 or 403) isn't final then: the next attempt may have better ones.
/// The second such refusal in a row is. An error of `options` counts as an attempt that failed, and
/// is followed by another.
///
/// # Examples
///
/// ```no_run
/// use engineio_sync::{Backoff, ClientOptions, reconnecting_with};
///
/// # fn fresh_token() -> std::io::Result<String> { Ok(String::new()) }
/// let client = reconnecting_with(Backoff::new(), |_attempt| {
///     let token = fresh_token()?;
///     let options = ClientOptions::new("https://example.org");
///     Ok(options.header("authorization", &format!("Bearer {token}")))
/// });
/// # drop(client);
/// ```
pub fn reconnecting_with(
    backoff: Backoff,
    mut options: impl FnMut(Attempt) -> Result<ClientOptions, Box<dyn Error + Send + Sync>>
    + Send
    + 'static,
) -> ReconnectingClient {
    let dialer = Dialer(StdClock::start());
    let options = move |attempt| ready(options(attempt));
    ReconnectingClient::over(client::ReconnectingClient::with(dialer, backoff, options))
}

impl ReconnectingClient {
    fn over(inner: client::ReconnectingClient) -> Self {
        let sender = ReconnectingSender::new(inner.sender());
        Self { inner, sender }
    }

    /// Waits for the next event. `None` after [`GaveUp`](ReconnectingEvent::GaveUp).
    ///
    /// A client that isn't asked makes the server wait, which may end the session for that.
    pub fn event(&mut self) -> Option<ReconnectingEvent> {
        loop {
            // A delay ends without a waker. One that is ended by a request leaves nothing to wait
            // for but an attempt.
            let left = self.inner.time_left();
            let next = poll_fn(|cx| self.inner.poll_event(cx));
            match left {
                Some(left) => {
                    if let Some(event) = block_for(next, left) {
                        return event;
                    }
                }
                None => return block_on(next),
            }
        }
    }

    /// As [`event`](Self::event), but waits no longer than `at_most`.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::TimedOut`] if nothing happened in time (an attempt under way goes on with
    /// the next call), [`RecvTimeoutError::Closed`] where [`event`](Self::event) gives `None`.
    pub fn event_timeout(
        &mut self,
        at_most: Duration,
    ) -> Result<ReconnectingEvent, RecvTimeoutError> {
        let start = machine_time();
        loop {
            let left = at_most.saturating_sub(start.elapsed());
            let wait = self.inner.time_left().map_or(left, |until_due| left.min(until_due));
            match block_for(poll_fn(|cx| self.inner.poll_event(cx)), wait) {
                Some(event) => return event.ok_or(RecvTimeoutError::Closed),
                None if start.elapsed() >= at_most => return Err(RecvTimeoutError::TimedOut),
                None => {}
            }
        }
    }

    /// As [`event`](Self::event), but without waiting.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if nothing has happened, [`TryRecvError::Closed`] where
    /// [`event`](Self::event) gives `None`.
    pub fn try_event(&mut self) -> Result<ReconnectingEvent, TryRecvError> {
        received(self.inner.poll_event(&mut Context::from_waker(Waker::noop())))
    }

    /// The events, as [`event`](Self::event) gives them.
    pub fn events(&mut self) -> impl Iterator<Item = ReconnectingEvent> {
        iter::from_fn(|| self.event())
    }

    /// Queues a message on the current session; see [`ReconnectingSender::send`].
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] without a session or if it closes first, [`SendError::TooLarge`] if the
    /// server takes none of this length, with the message.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
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
    pub fn flush(&self) {
        self.sender.flush();
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

    /// A handle for other threads.
    pub fn sender(&self) -> ReconnectingSender {
        self.sender.clone()
    }
}

/// Connects as [`connect`](super::connect()) does. Its waits are those of the thread that waits for
/// events, so it has no timers.
struct Dialer(StdClock);

impl Dial for Dialer {
    fn dial(&self, options: ClientOptions) -> Dialing {
        Box::pin(follow(options, attempt))
    }

    fn sleep(&self, _time: Duration) -> Sleeping {
        Box::pin(pending())
    }

    fn now(&self) -> Instant {
        self.0.now()
    }
}
