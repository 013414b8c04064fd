//! `engineio-sync`, with its waiting moved to threads: a test may wait for several things at once.

use crate::Binding;
use crate::server::needs_own_server;
use crate::within;
use core::ops::Deref;
use engineio_sync::{
    ClientCloseReason, ConnectError, Message, Outgoing, SendError, Server, ServerCloseReason,
    ServerConfigBuilder,
};
use std::thread;
use tokio::sync::oneshot;

pub use engineio_sync::ClientOptions;

/// Which one this is.
pub const BINDING: Binding = Binding::Sync;

/// Waits for it in a thread of its own. Unlike a runtime's thread for such things, it keeps no test
/// from ending.
async fn apart<R: Send + 'static>(wait: impl FnOnce() -> R + Send + 'static) -> R {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || tell.send(wait()));
    told.await.expect("no panic")
}

/// A server of the test's own, inside the test, as [`tokio`](super::tokio::Local)'s.
#[derive(Debug)]
pub struct Local {
    server: Server,
}

impl Local {
    /// Starts a server on a free port. `None`, and a line that says so, where the suite is pointed
    /// at a server that runs already.
    #[expect(clippy::unused_async, reason = "other bindings wait here")]
    pub async fn start(config: ServerConfigBuilder) -> Option<Self> {
        if !needs_own_server() {
            return None;
        }
        let config = config.build().expect("a configuration that makes sense");
        let server = Server::bind("127.0.0.1:0", config).expect("a free port");
        Some(Self { server })
    }

    /// The application's handle.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// What a client connects to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.local_addr())
    }

    /// The session of the next client.
    pub async fn accept(&self) -> Socket {
        let server = self.server.clone();
        let accepted = within("a client", apart(move || server.accept())).await;
        let socket = accepted.expect("a server that is open");
        Socket { sender: Sender(socket.sender()), socket: Some(socket) }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // Threads that still wait end with it.
        self.server.close(core::time::Duration::ZERO);
    }
}

/// A session of the server's.
#[derive(Debug)]
pub struct Socket {
    /// Lent to the thread that waits for a message.
    socket: Option<engineio_sync::Socket>,
    sender: Sender,
}

impl Socket {
    /// The next message.
    pub async fn recv(&mut self) -> Option<Message> {
        let mut socket = self.socket.take().expect("nobody else waits");
        let (message, socket) = apart(move || (socket.recv(), socket)).await;
        self.socket = Some(socket);
        message
    }

    /// A handle that sends.
    #[must_use]
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }
}

impl Deref for Socket {
    type Target = Sender;

    fn deref(&self) -> &Sender {
        &self.sender
    }
}

/// The sending half of a server's session.
#[derive(Clone, Debug)]
pub struct Sender(engineio_sync::Sender);

impl Sender {
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

impl Deref for Sender {
    type Target = engineio_sync::Sender;

    fn deref(&self) -> &engineio_sync::Sender {
        &self.0
    }
}

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Lent to the thread that waits for a message.
    client: Option<engineio_sync::Client>,
    sender: ClientSender,
}

impl Client {
    /// The next message.
    pub async fn recv(&mut self) -> Option<Message> {
        let mut client = self.client.take().expect("nobody else waits");
        let (message, client) = apart(move || (client.recv(), client)).await;
        self.client = Some(client);
        message
    }

    /// A handle that sends.
    #[must_use]
    pub fn sender(&self) -> ClientSender {
        self.sender.clone()
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
    /// Waits for room.
    ///
    /// # Errors
    ///
    /// The session is over, or the server takes none of this length.
    pub async fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        let (sender, outgoing) = (self.0.clone(), outgoing.into());
        apart(move || sender.send(outgoing)).await
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

/// Waits for a session.
///
/// # Errors
///
/// Why there is none.
pub async fn connect(options: impl Into<ClientOptions>) -> Result<Client, ConnectError> {
    let options = options.into();
    let client = apart(move || engineio_sync::connect(options)).await?;
    Ok(Client { sender: ClientSender(client.sender()), client: Some(client) })
}
