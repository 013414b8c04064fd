//! A client: one session with a server, and the one thread that carries it.

mod connection;
mod connector;
mod dial;
mod exchange;
mod request;
mod sender;
mod task;
#[cfg(feature = "tls")]
mod tls;

use std::error::Error;
use std::iter;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use engineio_hub::client::{ClientEvent, ClientOptions, ConnectError, Plan};
use engineio_proto::{ClientCloseReason, Message, Outgoing, Revision, SendError, Sid, Transport};

use crate::block::{block_for, block_on, now};
use crate::clock::StdClock;
use crate::errors::{RecvTimeoutError, TryRecvError};
use connector::Connector;
use task::Task;

pub use sender::ClientSender;

type BoxError = Box<dyn Error + Send + Sync>;

/// Connects to a server. Returns when the session is open; an upgrade to a WebSocket goes on by
/// itself.
///
/// A URL is enough for all defaults; [`ClientOptions`] have everything else. It takes as long as
/// [`connect_timeout`](crate::ClientConfig::connect_timeout) for each transport at most, and as
/// long as the system takes to look up the server's name.
///
/// A thread of its own, `engineio-client`, carries the session. It is also the one that looks up
/// the server's name, before the first connection, and it does nothing else meanwhile.
///
/// # Errors
///
/// See [`ConnectError`].
///
/// # Examples
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = engineio_sync::connect("http://127.0.0.1:3000")?;
/// client.send("hello")?;
/// while let Some(message) = client.recv() {
///     println!("{message:?}");
/// }
/// println!("{}", client.closed());
/// # Ok(())
/// # }
/// ```
pub fn connect(options: impl Into<ClientOptions>) -> Result<Client, ConnectError> {
    let plan = options.into().plan()?;
    let connector = Connector::new(&plan)?;
    let Plan { remote, config, .. } = plan;
    let last_error = Arc::new(Mutex::new(None));
    let clock = StdClock::start();
    let (connecting, driver) = engineio_hub::client::connect(config, remote, clock);
    let unreachable = |error| ConnectError::closed(ClientCloseReason::Unreachable, Some(error));
    let task = Task::new(driver, connector, clock, Arc::clone(&last_error))
        .map_err(|error| unreachable(error.into()))?;
    thread::Builder::new()
        .name("engineio-client".to_owned())
        .spawn(|| task.run())
        .map_err(|error| unreachable(error.into()))?;
    let inner = block_on(connecting).map_err(|reason| {
        let source = last_error.lock().unwrap_or_else(PoisonError::into_inner).take();
        ConnectError::closed(reason, source)
    })?;
    let sender = ClientSender::new(inner.sender());
    Ok(Client { inner, sender })
}

/// A session with a server, for the one thread that reads it.
///
/// [`sender`](Self::sender) gives handles for other threads. Dropping it closes the session after
/// what is queued has left.
#[derive(Debug)]
#[must_use = "dropping it closes the session"]
pub struct Client {
    inner: engineio_hub::client::Client,
    sender: ClientSender,
}

impl Client {
    /// Waits for the server's next message. `None` once the session has ended and all messages
    /// were read; [`close_reason`](ClientSender::close_reason) then says why.
    ///
    /// While nobody reads, the server is held back, and may end the session for that.
    pub fn recv(&mut self) -> Option<Message> {
        block_on(self.inner.recv())
    }

    /// As [`recv`](Self::recv), but waits for so long at most. Nothing is lost by a time-out.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError`] says whether a message may still come.
    pub fn recv_timeout(&mut self, at_most: Duration) -> Result<Message, RecvTimeoutError> {
        match block_for(self.inner.recv(), at_most) {
            Some(received) => received.ok_or(RecvTimeoutError::Closed),
            None => Err(RecvTimeoutError::TimedOut),
        }
    }

    /// As [`recv`](Self::recv), but without waiting.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`] says whether a message may still come.
    pub fn try_recv(&mut self) -> Result<Message, TryRecvError> {
        match now(self.inner.recv()) {
            Some(received) => received.ok_or(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }

    /// The server's messages, as [`recv`](Self::recv) gives them.
    pub fn messages(&mut self) -> impl Iterator<Item = Message> {
        iter::from_fn(|| self.recv())
    }

    /// Waits for whatever happens next: a message, the move to another transport, the end.
    /// `None` after that.
    pub fn event(&mut self) -> Option<ClientEvent> {
        block_on(self.inner.event())
    }

    /// Queues a message as soon as there is room for it; see [`ClientSender::send`].
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] if the session closes first, and [`SendError::TooLarge`] if the
    /// server takes none of this length, with the message.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.sender.send(outgoing)
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::Closed`] or [`SendError::TooLarge`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.sender.try_send(outgoing)
    }

    /// Waits until everything that was queued up to now has left for the server, or the
    /// session has ended.
    pub fn flush(&self) {
        self.sender.flush();
    }

    /// Closes the session when what is queued has left. Doesn't wait for that.
    pub fn close(&self) {
        self.sender.close();
    }

    /// Waits for the end of the session, and says why it ended.
    pub fn closed(&self) -> ClientCloseReason {
        self.sender.closed()
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ClientCloseReason> {
        self.sender.close_reason()
    }

    /// The identifier that the server gave the session.
    pub fn sid(&self) -> Option<Sid> {
        self.sender.sid()
    }

    /// The revision that is spoken.
    pub fn revision(&self) -> Option<Revision> {
        self.sender.revision()
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.sender.transport()
    }

    /// How many bytes wait to leave.
    pub fn queued_bytes(&self) -> usize {
        self.sender.queued_bytes()
    }

    /// A handle that sends on this session, for other threads.
    pub fn sender(&self) -> ClientSender {
        self.sender.clone()
    }
}
