//! A client: one session with a server, and the one task that carries it.

mod builder;
mod connector;

use engineio_hub::client::{Client as Session, ConnectError};

pub use builder::ClientBuilder;

/// A session with a server, for the one task that reads it.
///
/// What can be done with it is at [`ClientSession`](crate::ClientSession) and
/// [`ClientSender`](crate::ClientSender); it is also a `Stream` of messages and a `Sink`.
/// [`sender`](crate::ClientSession::sender) gives handles for other tasks. Dropping it closes
/// the session after what is queued has left.
///
/// It needs a tokio runtime with time and I/O, on which it runs one task.
///
/// ```no_run
/// use engineio_tokio::Client;
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

engineio_hub::client_handle!();
