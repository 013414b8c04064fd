use std::ops::Deref;

use engineio_sync::{
    ClientCloseReason, ClientEvent, ClientOptions, ConnectError, Message, Outgoing, SendError,
};

use super::apart;

/// Waits for a session.
///
/// # Errors
///
/// Why connecting failed.
pub async fn connect(options: impl Into<ClientOptions>) -> Result<Client, ConnectError> {
    let options = options.into();
    let client = apart(move || engineio_sync::connect(options)).await?;
    Ok(Client { sender: ClientSender(client.sender()), client: Some(client) })
}

/// A client.
#[derive(Debug)]
#[must_use]
pub struct Client {
    /// Lent to the thread that waits for a message.
    client: Option<engineio_sync::Client>,
    sender: ClientSender,
}

impl Client {
    /// The next message.
    pub async fn recv(&mut self) -> Option<Message> {
        self.lend(engineio_sync::Client::recv).await
    }

    /// The next event.
    pub async fn event(&mut self) -> Option<ClientEvent> {
        self.lend(engineio_sync::Client::event).await
    }

    /// A handle that sends.
    #[must_use]
    pub fn sender(&self) -> ClientSender {
        self.sender.clone()
    }

    async fn lend<R: Send + 'static>(
        &mut self,
        wait: fn(&mut engineio_sync::Client) -> Option<R>,
    ) -> Option<R> {
        let mut client = self.client.take().expect("nobody else waits");
        let (heard, client) = apart(move || (wait(&mut client), client)).await;
        self.client = Some(client);
        heard
    }
}

impl Deref for Client {
    type Target = ClientSender;

    fn deref(&self) -> &ClientSender {
        &self.sender
    }
}

/// The sending half of a client.
#[derive(Clone, Debug)]
pub struct ClientSender(engineio_sync::ClientSender);

impl ClientSender {
    pub(super) const fn new(sender: engineio_sync::ClientSender) -> Self {
        Self(sender)
    }

    /// Waits for room.
    ///
    /// # Errors
    ///
    /// The session is over, or the message is longer than the server accepts.
    pub async fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        let (sender, outgoing) = (self.0.clone(), outgoing.into());
        apart(move || sender.send(outgoing)).await
    }

    /// Waits until all queued messages have left.
    pub async fn flush(&self) {
        let sender = self.0.clone();
        apart(move || sender.flush()).await;
    }

    /// Waits for the end.
    pub async fn closed(&self) -> ClientCloseReason {
        let sender = self.0.clone();
        apart(move || sender.closed()).await
    }
}

impl Deref for ClientSender {
    type Target = engineio_sync::ClientSender;

    fn deref(&self) -> &engineio_sync::ClientSender {
        &self.0
    }
}
