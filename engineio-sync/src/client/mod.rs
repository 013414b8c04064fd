//! A client: one session with a server, and the one thread that carries it.

mod builder;
mod dial;
mod exchange;
mod flight;
mod link;
mod sender;
mod task;
#[cfg(feature = "tls")]
mod tls;
mod wake;
mod way;

use std::error::Error;
use std::iter;
use std::ops::Deref;
use std::time::Duration;

use engineio_hub::client::{Client as Session, ConnectError};
use engineio_proto::Message;
use engineio_proto::client::Event;

use crate::block::{block_on, block_until, now};
use crate::clock::machine_time;
use crate::timed_out::TimedOut;

pub use builder::ClientBuilder;
pub use sender::ClientSender;

type BoxError = Box<dyn Error + Send + Sync>;

/// A session with a server, for the one thread that reads it.
///
/// It sends as a [`ClientSender`] does, and [`sender`](Self::sender) gives those for other
/// threads. Dropping it closes the session after what is queued has left.
///
/// A thread of its own, `engineio-client`, carries the session. It is also the one that looks up
/// the server's name, before the first connection, and it does nothing else meanwhile.
///
/// ```no_run
/// use engineio_sync::Client;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = Client::connect("http://127.0.0.1:3000")?;
/// client.send("hello")?;
/// while let Some(message) = client.recv() {
///     println!("{message:?}");
/// }
/// println!("{}", client.closed());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it closes the session"]
pub struct Client {
    session: Session,
    sender: ClientSender,
}

impl Client {
    /// Connects with all defaults: in revision 4, over polling, and on to a WebSocket where the
    /// server offers one. `url` is `http`, `https`, `ws` or `wss`; a path other than `/`
    /// replaces `/engine.io/`, and a query is kept.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::builder(url).connect()
    }

    /// A client about to connect, for settings of any kind.
    pub fn builder(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }

    fn new(session: Session) -> Self {
        let sender = ClientSender::new(session.sender());
        Self { session, sender }
    }

    /// Waits for the server's next message. `None` once the session has ended and all messages
    /// were read; [`close_reason`](ClientSender::close_reason) then says why.
    ///
    /// While nobody reads, the server is held back, and may end the session for that.
    pub fn recv(&mut self) -> Option<Message> {
        block_on(self.session.recv())
    }

    /// As [`recv`](Self::recv), but waits as long as that at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`], and nothing is lost by it.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Message>, TimedOut> {
        let received = self.session.recv();
        match machine_time().checked_add(timeout) {
            Some(until) => block_until(received, until).ok_or(TimedOut),
            // That is longer than a machine runs.
            None => Ok(block_on(received)),
        }
    }

    /// As [`recv`](Self::recv), but doesn't wait.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if there is no message now.
    pub fn try_recv(&mut self) -> Result<Option<Message>, TimedOut> {
        now(self.session.recv()).ok_or(TimedOut)
    }

    /// The server's messages, as [`recv`](Self::recv) gives them.
    pub fn messages(&mut self) -> impl Iterator<Item = Message> {
        iter::from_fn(|| self.recv())
    }

    /// Waits for whatever happens next: a message, the move to another transport, the end.
    /// `None` after that.
    pub fn event(&mut self) -> Option<Event> {
        block_on(self.session.event())
    }

    /// A handle that sends on this session, for other threads.
    pub fn sender(&self) -> ClientSender {
        self.sender.clone()
    }
}

/// Everything that a [`ClientSender`] can do.
impl Deref for Client {
    type Target = ClientSender;

    fn deref(&self) -> &ClientSender {
        &self.sender
    }
}
