//! The handle of a server.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::iter;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use engineio_hub::Sessions;
use engineio_proto::ServerConfig;

use super::builder::ServerBuilder;
use super::events::Events;
use super::incoming::Incoming;
use super::socket::Socket;
use super::waiting::Waiting;
use crate::clock::machine_time;
use crate::io::Engine;

/// An Engine.IO server with its listener. Clones are cheap and mean the same server; with the
/// last of them, and of its [`Events`], it stops.
///
/// - **Sessions come out** one way: one by one with [`accept`](Self::accept) or
///   [`incoming`](Self::incoming), for a thread each, or all as one stream with
///   [`events`](Self::events), for one thread or a few.
/// - **The whole server** is spoken to with [`send`](crate::Sessions::send),
///   [`broadcast`](crate::Sessions::broadcast), [`disconnect`](crate::Sessions::disconnect) and
///   [`close`](Self::close).
///
/// `D` is what the application keeps with each session, given when it is accepted.
pub struct Server<D: Send + Sync + 'static = ()> {
    shared: Arc<Shared<D>>,
}

pub(super) struct Shared<D: Send + Sync + 'static> {
    pub(super) engine: Arc<Engine<D>>,
    pub(super) waiting: Waiting<D>,
    pub(super) local_addr: SocketAddr,
}

impl Server {
    /// A server at this address, with one thread for the I/O, whose sessions carry no data of
    /// the application's. [`builder`](Self::builder) has everything else.
    ///
    /// # Errors
    ///
    /// If nothing can listen there, or no thread can be started.
    pub fn bind(address: impl ToSocketAddrs, config: ServerConfig) -> io::Result<Self> {
        Self::builder(config).bind(address)
    }

    /// A server about to be made.
    pub fn builder(config: ServerConfig) -> ServerBuilder {
        ServerBuilder::new(config)
    }
}

impl<D: Send + Sync + 'static> Server<D> {
    pub(super) fn new(shared: Shared<D>) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// The address that it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local_addr
    }

    /// The next client that asks for a session, for an application that wants to look at the
    /// request first. `None` when there will be none: the server has closed, or is consumed by
    /// [`events`](Self::events).
    ///
    /// A client waits for [`accept_timeout`](ServerConfig::accept_timeout) at most: decide in a thread
    /// of its own if it takes long.
    pub fn incoming(&self) -> Option<Incoming<D>> {
        let hub = &self.shared.engine.hub;
        let incoming = self.shared.waiting.block_on(poll_fn(|cx| hub.poll_incoming(cx)))?;
        Some(Incoming::new(incoming, self.shared.waiting.clone()))
    }

    /// Accepts the next client, whoever it is. `None` as with [`incoming`](Self::incoming).
    pub fn accept(&self) -> Option<Socket<D>>
    where
        D: Default,
    {
        iter::from_fn(|| self.incoming()).find_map(Incoming::accept)
    }

    /// Accepts all clients, and gives what they do as one stream of events.
    ///
    /// A server is consumed one way: after [`accept`](Self::accept) or
    /// [`incoming`](Self::incoming) the stream ends at once, and the observer is told.
    pub fn events(&self) -> Events<D>
    where
        D: Default,
    {
        Events::new(&self.shared)
    }

    /// How many connections there are, of whatever kind.
    pub fn connections(&self) -> usize {
        self.shared.engine.limits.count()
    }

    /// Closes the server: handshakes get 503 from now on, sessions are flushed and closed one
    /// after the other. Those left after three quarters of `within` are cut off. Returns when
    /// the last one is gone, the listener is closed and the I/O threads have ended, at the latest
    /// after `within`.
    pub fn close(&self, within: Duration) {
        let Shared { engine, waiting, .. } = &*self.shared;
        let start = machine_time();
        engine.hub.close(within);
        let closed = || poll_fn(|cx| engine.hub.poll_closed(cx));
        let last_quarter = within / 4;
        let first_end = start.checked_add(within.saturating_sub(last_quarter));
        if waiting.block_until(closed(), first_end).is_none() {
            engine.hub.abort();
            // For the last words to be written.
            waiting.block_until(closed(), start.checked_add(within));
        }
        let left = within.saturating_sub(start.elapsed()).min(engine.hub.config().linger());
        engine.stop(engine.hub.now() + left);
        waiting.wait_for_end(engine, left);
    }
}

/// What is said to sessions by their names, or to all of them.
impl<D: Send + Sync + 'static> Deref for Server<D> {
    type Target = Sessions<D>;

    fn deref(&self) -> &Sessions<D> {
        &self.shared.engine.hub
    }
}

/// With the last handle the server stops.
impl<D: Send + Sync + 'static> Drop for Shared<D> {
    fn drop(&mut self) {
        self.engine.hub.close(Duration::ZERO);
        self.engine.hub.abort();
        self.engine.stop(self.engine.hub.now());
        self.waiting.end();
    }
}

impl<D: Send + Sync + 'static> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, sessions) = (self.local_addr(), self.len());
        f.debug_struct("Server")
            .field("address", &address)
            .field("sessions", &sessions)
            .finish_non_exhaustive()
    }
}
