//! A client: one session with a server, and the one task that carries it.

mod builder;
mod dial;
mod requests;

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use engineio_hub::client::{Client as Session, ConnectError};
use engineio_proto::{Message, Outgoing, SendError};
use futures_core::Stream;
use futures_sink::Sink;

pub use builder::ClientBuilder;

/// A session with a server, for the one task that reads it.
///
/// What can be done with it is at [`ClientSession`](crate::ClientSession) and
/// [`ClientSender`](crate::ClientSender); it is also a `Stream` of messages and a `Sink`.
/// [`sender`](crate::ClientSession::sender) gives handles for other tasks. Dropping it closes
/// the session after what is queued has left.
///
/// It runs one task, and one for each of its connections.
///
/// ```no_run
/// use engineio_async_std::Client;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = Client::connect("http://127.0.0.1:3000").await?;
/// client.send("hello").await?;
/// while let Some(message) = client.recv().await {
///     println!("{message:?}");
/// }
/// println!("{}", client.closed().await);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it closes the session"]
pub struct Client(Session);

impl Client {
    /// Connects with all defaults: in revision 4, over polling, and on to a WebSocket where the
    /// server offers one. `url` is `http`, `https`, `ws` or `wss`; a path other than `/`
    /// replaces `/engine.io/`, and a query is kept.
    ///
    /// Dropping the future gives the attempt up.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::builder(url).connect().await
    }

    /// A client about to connect, for settings of any kind.
    pub fn builder(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }
}

impl Deref for Client {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.0
    }
}

/// The server's messages.
impl Stream for Client {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.0.poll_recv(cx)
    }
}

/// Ready while the session takes messages; flushed when they have left.
impl<M: Into<Outgoing>> Sink<M> for Client {
    type Error = SendError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Sink::<M>::poll_ready(Pin::new(&mut self.0), cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: M) -> Result<(), SendError> {
        Pin::new(&mut self.0).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Sink::<M>::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Sink::<M>::poll_close(Pin::new(&mut self.0), cx)
    }
}
