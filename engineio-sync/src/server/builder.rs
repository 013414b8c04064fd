//! What isn't in the settings of the protocol.

use std::fmt;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::listener::{HEAD_TIMEOUT, patience};
use engineio_hub::{Data, Hub, Observer, default_observer};
use engineio_proto::ServerConfig;
use http::{Request, Response};

use super::driver::Driver;
use super::server::Server;
use super::shared::Shared;
use crate::clock::StdClock;
use crate::io::{Engine, Fallback, Limits, Settings, one_worker, start_threads};

/// Builds a [`Server`], for what isn't in [`ServerConfig`].
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

    /// Sets the observer, which hears of refusals, openings, upgrades and closes. Default:
    /// `TracingObserver` with the feature `tracing`, else none. An observer that replaces it can
    /// call `TracingObserver` to have both.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// How many threads do the I/O, at least 1. Default 1, which carries thousands of clients;
    /// more are for more traffic than one core can move.
    /// [`bind_driven`](Self::bind_driven) is for none.
    pub const fn io_threads(mut self, count: usize) -> Self {
        self.io_threads = count;
        self
    }

    /// What answers requests for other paths. Without it they get 404.
    ///
    /// It is for small uses, a page and a few files: it runs on the I/O thread, so whatever it
    /// waits for, all sessions of that thread wait for, and waiting for a session inside it
    /// deadlocks. Bodies over 64 KiB get 413 before it is asked. If it panics, the client gets 500.
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
    /// If the address can't be bound, no thread can be started, or
    /// [`io_threads`](Self::io_threads) is 0.
    pub fn bind<D: Data>(self, address: impl ToSocketAddrs) -> io::Result<Server<D>> {
        self.listen(TcpListener::bind(address)?)
    }

    /// The server, on this listener.
    ///
    /// # Errors
    ///
    /// If the listener isn't one, no thread can be started, or
    /// [`io_threads`](Self::io_threads) is 0.
    pub fn listen<D: Data>(self, listener: TcpListener) -> io::Result<Server<D>> {
        let threads = self.io_threads;
        if threads == 0 {
            let what = "a server without I/O threads needs a driver: see `bind_driven`";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let shared = self.shared(&listener)?;
        start_threads(&shared.engine, listener, threads)?;
        Ok(Server::new(shared))
    }

    /// The server, at this address, and the driver that does its I/O in the thread that holds it.
    /// There is no other thread then: the shape for a game loop, or for a small server.
    ///
    /// # Errors
    ///
    /// If the address can't be bound.
    pub fn bind_driven<D: Data>(
        self,
        address: impl ToSocketAddrs,
    ) -> io::Result<(Server<D>, Driver<D>)> {
        self.listen_driven(TcpListener::bind(address)?)
    }

    /// The server, on this listener, and the driver that does its I/O in the thread that holds
    /// it.
    ///
    /// # Errors
    ///
    /// If the listener isn't one.
    pub fn listen_driven<D: Data>(
        self,
        listener: TcpListener,
    ) -> io::Result<(Server<D>, Driver<D>)> {
        let shared = self.shared(&listener)?;
        let worker = one_worker(&shared.engine, listener)?;
        Ok((Server::new(Arc::clone(&shared)), Driver::new(worker, &shared)))
    }

    fn shared<D: Data>(self, listener: &TcpListener) -> io::Result<Arc<Shared<D>>> {
        let local_addr = listener.local_addr()?;
        let settings = Settings {
            head_timeout: self.head_timeout,
            patience: self.idle_timeout.unwrap_or_else(|| patience(&self.config)),
            fallback: self.fallback,
        };
        let hub = Hub::new(self.config, StdClock::start(), self.observer);
        let limits = Limits::new(self.max_connections, self.max_connections_per_address);
        let engine = Arc::new(Engine::new(hub, settings, limits));
        Ok(Arc::new(Shared { engine, local_addr }))
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
