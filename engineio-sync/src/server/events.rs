//! What happens to all sessions, one thing after the other.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;

use engineio_hub::ServerEvent;

use super::handle::Shared;

/// What happens to the sessions of a server. As an iterator it waits for the next event, and ends
/// when the server is closed and the last session gone.
///
/// Clones are for several workers. They share sessions, not events: each event goes to one of
/// them, and a session belongs to the worker that has its event until that one asks for the next,
/// so that the events of one session are dealt with in order.
///
/// ```
/// use std::thread;
///
/// use engineio_sync::{ServerConfig, Server, ServerEvent};
///
/// # fn main() -> std::io::Result<()> {
/// let server = Server::bind("127.0.0.1:0", ServerConfig::default())?;
/// let events = server.events();
/// for _ in 0..4 {
///     let (server, events) = (server.clone(), events.clone());
///     thread::spawn(move || {
///         for event in events {
///             if let ServerEvent::Message(sid, message) = event {
///                 // A client that doesn't read what it is sent isn't waited for.
///                 if server.send(&sid, message).is_err() {
///                     server.disconnect(&sid);
///                 }
///             }
///         }
///     });
/// }
/// # Ok(())
/// # }
/// ```
pub struct Events<D: Send + Sync + 'static = ()> {
    shared: Arc<Shared<D>>,
    inner: engineio_hub::Events<D>,
}

impl<D: Send + Sync + 'static> Events<D> {
    pub(super) fn new(shared: &Arc<Shared<D>>) -> Self
    where
        D: Default,
    {
        Self { shared: Arc::clone(shared), inner: shared.engine.hub.events() }
    }

    /// An event if there is one now, for a loop that has other things to do. `None` for good once
    /// the server is closed and the last session gone.
    ///
    /// Without [I/O threads](crate::ServerBuilder::io_threads) a call may find something new each
    /// time: take so many of them in a frame as the frame has time for.
    ///
    /// ```
    /// # use engineio_sync::{ServerConfig, Server, ServerEvent};
    /// # fn main() -> std::io::Result<()> {
    /// let server: Server = Server::builder(ServerConfig::default()).io_threads(0).bind("127.0.0.1:0")?;
    /// let mut events = server.events();
    /// for _frame in 0..3 {
    ///     for event in std::iter::from_fn(|| events.try_next()).take(100) {
    ///         println!("{event:?}");
    ///     }
    ///     // .. move the world, draw it, wait for the next frame.
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_next(&mut self) -> Option<ServerEvent> {
        if let Poll::Ready(event) = self.inner.poll_now() {
            return event;
        }
        self.shared.waiting.give_turn();
        match self.inner.poll_now() {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        }
    }
}

impl<D: Send + Sync + 'static> Iterator for Events<D> {
    type Item = ServerEvent;

    fn next(&mut self) -> Option<ServerEvent> {
        self.shared.waiting.block_on(self.inner.next())
    }
}

impl<D: Send + Sync + 'static> Clone for Events<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), inner: self.inner.clone() }
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Events<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
