//! A handle on a reconnecting client, for other tasks.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use engineio_proto::{Outgoing, SendError};

use super::link::Link;
use crate::client::sender::ClientSender;

/// A handle that sends on the sessions of a reconnecting client. Clones are cheap and belong to the
/// same client; they don't keep it.
///
/// A task that has much to send takes one session after the other:
///
/// ```
/// # use engineio_hub::client::ReconnectingSender;
/// async fn report(sender: ReconnectingSender) {
///     while let Some(session) = sender.connected().await {
///         while session.send(measured().await).await.is_ok() {}
///         // This session is over. What was measured last wasn't sent.
///     }
/// }
/// # async fn measured() -> String { String::new() }
/// ```
#[derive(Clone)]
pub struct ReconnectingSender {
    pub(super) link: Arc<Link>,
}

impl ReconnectingSender {
    /// Waits until there is a session, and returns its own sender, which belongs to no other.
    /// `None` once there will be none. Immediately ready while there is one.
    ///
    /// A session is there from [`Connected`](super::ReconnectingEvent::Connected) on, so the
    /// client's task has to wait for events meanwhile.
    pub fn connected(&self) -> impl Future<Output = Option<ClientSender>> {
        Waiting { link: &self.link, id: None }
    }

    /// The sender of the current session. `None` while there is none. To close that session alone
    /// makes room for another, as if it were lost.
    pub fn session(&self) -> Option<ClientSender> {
        self.link.session()
    }

    /// Queues a message on the current session; see [`ClientSender::send`]. Without a session, it
    /// doesn't wait for one.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] without a session or if it closes first, and [`SendError::TooLarge`] if
    /// the message is longer than the server accepts. Both give the message back.
    pub fn send<M: Into<Outgoing>>(
        &self,
        outgoing: M,
    ) -> impl Future<Output = Result<(), SendError>> + use<M> {
        let (session, outgoing) = (self.session(), outgoing.into());
        async move {
            match session {
                Some(session) => session.send(outgoing).await,
                None => Err(SendError::Closed(outgoing)),
            }
        }
    }

    /// Queues a message if there is a session and room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] without a session, [`SendError::Full`] or [`SendError::TooLarge`], with
    /// the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        match self.session() {
            Some(session) => session.try_send(outgoing),
            None => Err(SendError::Closed(outgoing.into())),
        }
    }

    /// Waits until all messages queued so far have left for the server, or the session has ended.
    /// That they left doesn't mean that they arrived.
    pub fn flush(&self) -> impl Future<Output = ()> + use<> {
        let session = self.session();
        async move {
            if let Some(session) = session {
                session.flush().await;
            }
        }
    }

    /// Asks for an attempt to connect at once, because the network is back, for instance. The delays
    /// begin again with the first one, and so does the count of attempts. While an attempt is under
    /// way, the next one follows at once should it fail; while there is a session, nothing happens.
    pub fn retry_now(&self) {
        self.link.retry_now();
    }

    /// Closes the session when the queued messages have left, and ends the client: a delay or an
    /// attempt ends at once. Doesn't wait for that.
    pub fn close(&self) {
        self.link.close();
    }
}

impl fmt::Debug for ReconnectingSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectingSender")
            .field("session", &self.session())
            .finish_non_exhaustive()
    }
}

/// Waits for a session.
struct Waiting<'a> {
    link: &'a Link,
    /// Its place among those who wait.
    id: Option<u64>,
}

impl Future for Waiting<'_> {
    type Output = Option<ClientSender>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { link, id } = &mut *self;
        link.poll_session(id, cx)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.id.into_iter().for_each(|id| self.link.forget(id));
    }
}
