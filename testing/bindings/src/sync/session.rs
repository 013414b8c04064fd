use std::ops::Deref;

use engineio_sync::{Data, Message, Outgoing, SendError, ServerCloseReason};

use super::apart;

/// A session of a server.
#[derive(Debug)]
pub struct Socket<D: Data = ()> {
    /// Lent to the thread that waits for a message.
    socket: Option<engineio_sync::Socket<D>>,
    sender: Sender<D>,
}

impl<D: Data> Socket<D> {
    pub(super) fn new(socket: engineio_sync::Socket<D>) -> Self {
        Self { sender: Sender(socket.sender()), socket: Some(socket) }
    }

    /// The next message.
    pub async fn recv(&mut self) -> Option<Message> {
        let mut socket = self.socket.take().expect("nobody else waits");
        let (message, socket) = apart(move || (socket.recv(), socket)).await;
        self.socket = Some(socket);
        message
    }

    /// A handle that sends.
    #[must_use]
    pub fn sender(&self) -> Sender<D> {
        self.sender.clone()
    }

    /// Keeps the session open without this handle.
    pub fn detach(self) {
        self.socket.expect("nobody waits").detach();
    }
}

impl<D: Data> Deref for Socket<D> {
    type Target = Sender<D>;

    fn deref(&self) -> &Sender<D> {
        &self.sender
    }
}

/// The sending half of a server's session.
#[derive(Debug)]
pub struct Sender<D: Data = ()>(engineio_sync::Sender<D>);

impl<D: Data> Sender<D> {
    /// Waits for room.
    ///
    /// # Errors
    ///
    /// The session is over.
    pub async fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        let (sender, outgoing) = (self.0.clone(), outgoing.into());
        apart(move || sender.send(outgoing)).await
    }

    /// Waits for the end.
    pub async fn closed(&self) -> ServerCloseReason {
        let sender = self.0.clone();
        apart(move || sender.closed()).await
    }
}

impl<D: Data> Clone for Sender<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Data> Deref for Sender<D> {
    type Target = engineio_sync::Sender<D>;

    fn deref(&self) -> &engineio_sync::Sender<D> {
        &self.0
    }
}
