use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use engineio_sync::{Data, Handshake, Message, Refusal, ServerConfig, ServerEvent};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Socket, apart};

/// A server. It listens from the beginning.
#[derive(Debug)]
pub struct Server<D: Data = ()> {
    inner: engineio_sync::Server<D>,
    is_closed: watch::Sender<bool>,
}

/// Builds a [`Server`].
#[derive(Debug)]
#[must_use]
pub struct ServerBuilder(engineio_sync::ServerBuilder);

impl ServerBuilder {
    /// Sets the observer.
    pub fn observer(self, observer: impl engineio_sync::Observer) -> Self {
        Self(self.0.observer(observer))
    }

    /// Sets how long a connection may be idle, and here the time for a head, too, which is the same in
    /// the other bindings.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        Self(self.0.idle_timeout(timeout).head_timeout(timeout))
    }

    /// Sets the most connections.
    pub fn max_connections(self, count: usize) -> Self {
        Self(self.0.max_connections(count))
    }

    /// Sets the most connections from one address.
    pub fn max_connections_per_address(self, count: usize) -> Self {
        Self(self.0.max_connections_per_address(count))
    }

    /// The server, on a free port.
    #[must_use]
    pub fn build<D: Data>(self) -> Server<D> {
        let inner = self.0.bind("127.0.0.1:0").expect("a free port");
        Server { inner, is_closed: watch::Sender::new(false) }
    }
}

/// Returns the server's address, and a task that ends when the server has closed.
pub async fn serve<D: Data>(server: &Server<D>) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let mut is_closed = server.is_closed.subscribe();
    let closed = tokio::spawn(async move {
        // An error means that the last handle is gone.
        let _ = is_closed.wait_for(|it| *it).await;
        Ok(())
    });
    (server.local_addr(), closed)
}

impl Server {
    /// A server with the defaults of the binding.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self::builder(config).build()
    }

    /// Builds a server.
    pub fn builder(config: ServerConfig) -> ServerBuilder {
        ServerBuilder(engineio_sync::Server::builder(config))
    }

    /// Accepts the next client.
    pub async fn accept(&self) -> Option<Socket> {
        let server = self.inner.clone();
        apart(move || server.accept()).await.map(Socket::new)
    }

    /// The stream of events.
    #[must_use]
    pub fn events(&self) -> Events {
        Events(Some(self.inner.events()))
    }
}

impl<D: Data> Server<D> {
    /// The stream of events, behind a login.
    #[must_use]
    pub fn events_with(
        &self,
        login: impl Fn(&Handshake) -> Result<D, Refusal> + Send + Sync + 'static,
    ) -> Events<D> {
        Events(Some(self.inner.events_with(login)))
    }

    /// Waits for the next client that asks for a session.
    pub async fn incoming(&self) -> Option<Incoming<D>> {
        let server = self.inner.clone();
        apart(move || server.incoming()).await.map(Incoming)
    }

    /// Closes the server.
    pub async fn close(&self, within: Duration) {
        let server = self.inner.clone();
        apart(move || server.close(within)).await;
        self.is_closed.send_replace(true);
    }

    /// Closes the server, its sessions one by one.
    pub async fn drain(&self, within: Duration) {
        let server = self.inner.clone();
        apart(move || server.drain(within)).await;
        self.is_closed.send_replace(true);
    }
}

impl<D: Data> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), is_closed: self.is_closed.clone() }
    }
}

impl<D: Data> Deref for Server<D> {
    type Target = engineio_sync::Server<D>;

    fn deref(&self) -> &engineio_sync::Server<D> {
        &self.inner
    }
}

/// A client that asks for a session.
#[derive(Debug)]
pub struct Incoming<D: Data = ()>(engineio_sync::Incoming<D>);

impl<D: Data> Incoming<D> {
    /// Adds a header to the answer.
    ///
    /// # Errors
    ///
    /// HTTP can't carry it.
    pub fn response_header(
        self,
        name: &str,
        value: &str,
    ) -> Result<Self, engineio_sync::InvalidHeader> {
        self.0.response_header(name, value).map(Self)
    }

    /// Adds a message to the open packet.
    #[must_use]
    pub fn message(self, message: impl Into<Message>) -> Self {
        Self(self.0.message(message))
    }

    /// Accepts the client.
    #[must_use]
    pub fn accept_with(self, data: D) -> Option<Socket<D>> {
        self.0.accept_with(data).map(Socket::new)
    }

    /// Refuses the client.
    pub fn refuse(self, status: u16, body: &'static str) {
        self.0.refuse(status, body);
    }
}

impl Incoming {
    /// Accepts the client.
    #[must_use]
    pub fn accept(self) -> Option<Socket> {
        self.accept_with(())
    }
}

impl<D: Data> Deref for Incoming<D> {
    type Target = engineio_sync::Incoming<D>;

    fn deref(&self) -> &engineio_sync::Incoming<D> {
        &self.0
    }
}

/// The stream of events. It is lent to the thread that waits for one.
#[derive(Debug)]
pub struct Events<D: Data = ()>(Option<engineio_sync::Events<D>>);

impl<D: Data> Events<D> {
    /// The next event.
    pub async fn next(&mut self) -> Option<ServerEvent<D>> {
        let mut events = self.0.take().expect("nobody else waits");
        let (event, events) = apart(move || (events.next(), events)).await;
        self.0 = Some(events);
        event
    }
}
