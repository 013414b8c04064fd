//! What isn't in the settings of the protocol.

use std::fmt;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::listener::{HEAD_TIMEOUT, patience};
use engineio_hub::{Hub, Observer, default_observer};
use engineio_proto::ServerConfig;
use http::{Request, Response};

use super::handle::{Server, Shared};
use super::waiting::Waiting;
use crate::clock::StdClock;
use crate::io::{Engine, Fallback, Limits, Settings, Start, start};

/// A server about to be made.
#[must_use = "a builder does nothing until `bind` or `listen`"]
pub struct ServerBuilder {
    config: ServerConfig,
    observer: Box<dyn Observer>,
    io_threads: usize,
    fallback: Fallback,
    head_timeout: Duration,
    idle_timeout: Option<Duration>,
    max_connections: usize,
    max_connections_per_address: usize,
}

impl ServerBuilder {
    pub(super) fn new(config: ServerConfig) -> Self {
        Self {
            config,
            observer: default_observer(),
            io_threads: 1,
            fallback: Fallback::default(),
            head_timeout: HEAD_TIMEOUT,
            idle_timeout: None,
            max_connections: usize::MAX,
            max_connections_per_address: usize::MAX,
        }
    }

    /// Who hears of refusals, openings, upgrades and closings. Without one, nobody; or
    /// with the feature `tracing`, the subscriber of that crate: an observer of your own takes
    /// its place, and can call `TracingObserver` to have both.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// How many threads do the I/O. Default 1, which carries thousands of clients; more are for
    /// more traffic than one core can move.
    ///
    /// **With 0, there is none**: whoever waits does the I/O meanwhile, be it in
    /// [`Events`](crate::Events), [`accept`](Server::accept), [`recv`](crate::Socket::recv),
    /// [`flush`](crate::Sender::flush), [`closed`](crate::Sender::closed) or
    /// [`close`](Server::close); [`try_next`](crate::Events::try_next) and
    /// [`try_recv`](crate::Socket::try_recv) do what there is to do at once. So do observer and
    /// fallback run in the waiting thread. Nothing has to go from one thread to another then: the
    /// shape for a game loop, or a small server. While nobody waits, nothing moves, so come back
    /// often. [`Sender::send`](crate::Sender::send) doesn't wait there but gives
    /// [`SendError::Full`](crate::SendError::Full).
    pub const fn io_threads(mut self, count: usize) -> Self {
        self.io_threads = count;
        self
    }

    /// What answers requests for other paths. Without it they get 404.
    ///
    /// It is for small uses, a page and a few files: it runs on the I/O thread, so whatever it
    /// waits for, all sessions of that thread wait for, and to wait for a session there is to wait
    /// forever. Bodies over 64 KiB get 413 before it is asked. If it panics, the client gets 500.
    /// The address of the client is among the request's extensions, as
    /// [`RemoteAddr`](crate::RemoteAddr).
    ///
    /// A [`Server`] that it holds never stops by being dropped: [`close`](Server::close) it.
    pub fn fallback<B: Into<Bytes>>(
        mut self,
        handler: impl Fn(Request<Bytes>) -> Response<B> + Send + Sync + 'static,
    ) -> Self {
        self.fallback = Fallback::new(handler);
        self
    }

    /// How long the head of a request may take, from its first byte or from the beginning of its
    /// connection, before the client gets 408 or is cut off. Default 30 s.
    pub const fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = timeout;
        self
    }

    /// How long a connection may be idle between two requests, and how long its peer may take no
    /// bytes, before it is cut off. Default
    /// [`ping_interval`](ServerConfig::ping_interval) and [`ping_timeout`](ServerConfig::ping_timeout)
    /// together, 30 s at least: a client that polls uses a connection that often.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// The most connections at a time. Others get 503. Default: as many as the machine lets a
    /// process have.
    pub const fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// The most connections at a time from one address. Others get 503. Default: no limit,
    /// since all clients behind a proxy have the proxy's address.
    pub const fn max_connections_per_address(mut self, count: usize) -> Self {
        self.max_connections_per_address = count;
        self
    }

    /// The server, at this address. Port 0 takes a free one, which
    /// [`local_addr`](Server::local_addr) names.
    ///
    /// # Errors
    ///
    /// If nothing can listen there, or no thread can be started.
    pub fn bind<D: Send + Sync + 'static>(
        self,
        address: impl ToSocketAddrs,
    ) -> io::Result<Server<D>> {
        self.listen(TcpListener::bind(address)?)
    }

    /// The server, on this listener.
    ///
    /// # Errors
    ///
    /// If the listener isn't one, or no thread can be started.
    pub fn listen<D: Send + Sync + 'static>(self, listener: TcpListener) -> io::Result<Server<D>> {
        let local_addr = listener.local_addr()?;
        let settings = Settings {
            head_timeout: self.head_timeout,
            patience: self.idle_timeout.unwrap_or_else(|| patience(&self.config)),
            fallback: self.fallback,
        };
        let hub = Hub::new(self.config, StdClock::start(), self.observer);
        let limits = Limits::new(self.max_connections, self.max_connections_per_address);
        let engine = Arc::new(Engine::new(hub, settings, limits));
        let waiting = match start(&engine, listener, self.io_threads) {
            Ok(Start::Threads) => Waiting::for_threads(),
            Ok(Start::Here(worker)) => Waiting::here(&engine, *worker),
            Err(error) => {
                // Of several threads, some may run.
                engine.stop(engine.hub.now());
                return Err(error);
            }
        };
        Ok(Server::new(Shared { engine, waiting, local_addr }))
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("config", &self.config)
            .field("io_threads", &self.io_threads)
            .finish_non_exhaustive()
    }
}
