//! The events of all sessions, in one stream.

use std::fmt;
use std::sync::Arc;

use engineio_hub::Data;
use engineio_proto::{Message, ServerCloseReason, Transport};

use super::sender::Sender;
use super::shared::Shared;
use crate::block::{block_on, received};
use crate::error::TryRecvError;

/// An event of one of the server's sessions. The [`Sender`] sends on that session.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent<D: Data = ()> {
    /// A client connected, and its session is open. The first event of this session.
    Connect(Sender<D>),
    /// The client sent a message. The messages of a session come in order.
    Message(Sender<D>, Message),
    /// The session moved to another transport. No action is needed.
    Upgrade(Sender<D>, Transport),
    /// The session ended. The last event of this session.
    Disconnect(Sender<D>, ServerCloseReason),
}

/// The events of all sessions of a server. As an iterator it waits for the next event, and ends
/// when the server is closed and the last session has gone.
///
/// Clones are for several worker threads. Each event goes to one of them. Until that worker asks
/// for its next event, no other gets an event of the same session, so the events of a session are
/// handled in order.
///
/// ```
/// use std::thread;
///
/// use engineio_sync::{Server, ServerConfig, ServerEvent};
///
/// # fn main() -> std::io::Result<()> {
/// let server = Server::bind("127.0.0.1:0", ServerConfig::default())?;
/// let events = server.events();
/// for _ in 0..4 {
///     let events = events.clone();
///     thread::spawn(move || {
///         for event in events {
///             if let ServerEvent::Message(sender, message) = event {
///                 // A client that doesn't read what it is sent isn't waited for.
///                 if sender.try_send(message).is_err() {
///                     sender.close();
///                 }
///             }
///         }
///     });
/// }
/// # Ok(())
/// # }
/// ```
pub struct Events<D: Data = ()> {
    /// A stream keeps the server running.
    shared: Arc<Shared<D>>,
    inner: engineio_hub::Events<D>,
}

impl<D: Data> Events<D> {
    pub(super) fn new(shared: &Arc<Shared<D>>, inner: engineio_hub::Events<D>) -> Self {
        Self { shared: Arc::clone(shared), inner }
    }

    /// The next event, without waiting for one.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if there is none now; [`TryRecvError::Closed`] for good once the
    /// server is closed and the last session has gone.
    pub fn try_next(&mut self) -> Result<ServerEvent<D>, TryRecvError> {
        loop {
            if let Some(event) = convert(received(self.inner.poll_now())?) {
                return Ok(event);
            }
        }
    }
}

impl<D: Data> Iterator for Events<D> {
    type Item = ServerEvent<D>;

    fn next(&mut self) -> Option<ServerEvent<D>> {
        loop {
            if let Some(event) = convert(block_on(self.inner.next())?) {
                return Some(event);
            }
        }
    }
}

/// The same event, with a handle that blocks. `None`: this crate doesn't know it.
fn convert<D: Data>(event: engineio_hub::ServerEvent<D>) -> Option<ServerEvent<D>> {
    use engineio_hub::ServerEvent as Event;
    Some(match event {
        Event::Connect(sender) => ServerEvent::Connect(Sender::new(sender)),
        Event::Message(sender, message) => ServerEvent::Message(Sender::new(sender), message),
        Event::Upgrade(sender, transport) => ServerEvent::Upgrade(Sender::new(sender), transport),
        Event::Disconnect(sender, reason) => ServerEvent::Disconnect(Sender::new(sender), reason),
        _ => return None,
    })
}

impl<D: Data> Clone for Events<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), inner: self.inner.clone() }
    }
}

impl<D: Data> fmt::Debug for Events<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
