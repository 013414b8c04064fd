use std::error::Error;
use std::ops::Deref;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use engineio_sync::{
    Attempt, Backoff, ClientOptions, Outgoing, ReconnectingEvent, SendError,
    reconnecting as blocking, reconnecting_with as blocking_with,
};

use super::{ClientSender, apart};

/// Connects again and again with the same options.
pub fn reconnecting(options: impl Into<ClientOptions>, backoff: Backoff) -> ReconnectingClient {
    ReconnectingClient::new(blocking(options, backoff))
}

/// Asks for the options of each attempt. They must be ready at once.
pub fn reconnecting_with<F>(
    backoff: Backoff,
    mut options: impl FnMut(Attempt) -> F + Send + 'static,
) -> ReconnectingClient
where
    F: Future<Output = Result<ClientOptions, Box<dyn Error + Send + Sync>>>,
{
    ReconnectingClient::new(blocking_with(backoff, move |attempt| {
        match pin!(options(attempt)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(options) => options,
            Poll::Pending => panic!("these options are waited for"),
        }
    }))
}

/// A client that reconnects.
#[derive(Debug)]
#[must_use]
pub struct ReconnectingClient {
    /// Lent to the thread that waits for an event.
    client: Option<engineio_sync::ReconnectingClient>,
    sender: ReconnectingSender,
}

impl ReconnectingClient {
    fn new(client: engineio_sync::ReconnectingClient) -> Self {
        Self { sender: ReconnectingSender(client.sender()), client: Some(client) }
    }

    /// The next event.
    pub async fn event(&mut self) -> Option<ReconnectingEvent> {
        let mut client = self.client.take().expect("nobody else waits");
        let (event, client) = apart(move || (client.event(), client)).await;
        self.client = Some(client);
        event
    }

    /// A handle that sends.
    #[must_use]
    pub fn sender(&self) -> ReconnectingSender {
        self.sender.clone()
    }
}

impl Deref for ReconnectingClient {
    type Target = ReconnectingSender;

    fn deref(&self) -> &ReconnectingSender {
        &self.sender
    }
}

/// The sending half of a client that reconnects.
#[derive(Clone, Debug)]
pub struct ReconnectingSender(engineio_sync::ReconnectingSender);

impl ReconnectingSender {
    /// Waits for a session.
    pub async fn connected(&self) -> Option<ClientSender> {
        let sender = self.0.clone();
        apart(move || sender.connected()).await.map(ClientSender::new)
    }

    /// The current session.
    #[must_use]
    pub fn session(&self) -> Option<ClientSender> {
        self.0.session().map(ClientSender::new)
    }

    /// Waits for room.
    ///
    /// # Errors
    ///
    /// There is no session, or it is over, or the message is longer than the server accepts.
    pub async fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        let (sender, outgoing) = (self.0.clone(), outgoing.into());
        apart(move || sender.send(outgoing)).await
    }

    /// Waits until all queued messages have left.
    pub async fn flush(&self) {
        let sender = self.0.clone();
        apart(move || sender.flush()).await;
    }
}

impl Deref for ReconnectingSender {
    type Target = engineio_sync::ReconnectingSender;

    fn deref(&self) -> &engineio_sync::ReconnectingSender {
        &self.0
    }
}
