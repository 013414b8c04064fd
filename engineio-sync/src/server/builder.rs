//! The settings of a server that are not the protocol's.

use std::fmt;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::cluster::Bus;
use engineio_hub::http1::{Fallback, Settings};
use engineio_hub::listener::{HEAD_TIMEOUT, Limits, idle_timeout};
use engineio_hub::{Data, Hub, Observer, default_observer};
use engineio_proto::ServerConfig;
use http::{Request, Response};

use super::driver::Driver;
use super::server::Server;
use super::shared::Shared;
use crate::clock::StdClock;
use crate::io::{Engine, bind, single_worker, start_threads};

/// Builds a [`Server`], with the settings that are not the protocol's.
#[must_use = "a builder does nothing until it is bound to an address or a listener"]
pub struct ServerBuilder {
    config: ServerConfig,
    observer: Box<dyn Observer>,
    bus: Option<Box<dyn Bus>>,
    io_threads: usize,
    fallback: Option<Fallback>,
    head_timeout: Duration,
    idle_timeout: Option<Duration>,
    max_connections: usize,
    max_connections_per_address: usize,
}

impl Server {
    /// Starts a server at this address, with one thread for the I/O, whose sessions carry no
    /// application data. [`builder`](Self::builder) has everything else.
    ///
    /// # Errors
    ///
    /// If the address can't be bound, or the thread can't be started.
    pub fn bind(address: impl ToSocketAddrs, config: ServerConfig) -> io::Result<Self> {
        Self::builder(config).bind(address)
    }

    /// Builds a server.
    pub fn builder(config: ServerConfig) -> ServerBuilder {
        ServerBuilder {
            config,
            observer: default_observer(),
            bus: None,
            io_threads: 1,
            fallback: None,
            head_timeout: HEAD_TIMEOUT,
            idle_timeout: None,
            max_connections: usize::MAX,
            max_connections_per_address: usize::MAX,
        }
    }
}

impl ServerBuilder {
    /// Makes groups span the nodes of a cluster, all servers whose bus has the same name, and
    /// [`broadcast_to_cluster`](Server::broadcast_to_cluster) with them. The crates `engineio-nats`
    /// and `engineio-redis` have one; they bring a tokio runtime. Without one they are this server's
    /// alone.
    pub fn bus(mut self, bus: impl Bus) -> Self {
        self.bus = Some(Box::new(bus));
        self
    }

    /// Sets the observer of refusals, openings, upgrades and closes. Default: `TracingObserver`
    /// with the feature `tracing`, `MetricsObserver` with the feature `metrics`. This one replaces
    /// them; a pair of observers tells both.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// Sets how many threads do the I/O. Default 1, which carries thousands of clients; use more
    /// for more traffic than one core can move.
    ///
    /// At least one is needed. [`bind_driven`](Self::bind_driven) starts none, whatever is set
    /// here: the application's own thread does the I/O.
    pub const fn io_threads(mut self, count: usize) -> Self {
        self.io_threads = count;
        self
    }

    /// Sets what answers requests for other paths. Default: 404, with where the server is.
    ///
    /// It is for small uses, a page and a few files. It runs on the I/O thread: all sessions of
    /// that thread wait until it returns, and waiting for a session inside it deadlocks. A body
    /// over 64 KiB gets 413 without it. If it panics, the client gets 500. The client's address is
    /// among the request's extensions, as a [`RemoteAddr`](crate::RemoteAddr).
    ///
    /// A [`Server`] that it holds is never dropped: [`close`](Server::close) that one.
    pub fn fallback<B: Into<Bytes>>(
        mut self,
        handler: impl Fn(Request<Bytes>) -> Response<B> + Send + Sync + 'static,
    ) -> Self {
        self.fallback = Some(Fallback::new(handler));
        self
    }

    /// Sets how long the head of a request may take, from its first byte or from the beginning of
    /// its connection, before the client gets 408 or is cut off. Default 30 s.
    pub const fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = timeout;
        self
    }

    /// Sets how long a connection may be idle between two requests, and how long its peer may take
    /// no bytes, before it is cut off. Default: [`ping_interval`](ServerConfig::ping_interval) plus
    /// [`ping_timeout`](ServerConfig::ping_timeout), 30 s at least: a client that polls uses a
    /// connection that often.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Sets the most connections at a time. Others get 503, and the observer is told. Default: no
    /// limit but the system's.
    pub const fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// Sets the most connections at a time from one address, or in IPv6 from one /64, which one
    /// client may have for itself. Others get 503, and the observer is told. Default: no limit,
    /// since all clients behind a proxy have the proxy's address.
    pub const fn max_connections_per_address(mut self, count: usize) -> Self {
        self.max_connections_per_address = count;
        self
    }

    /// Starts the server at this address. Port 0 takes a free one, which
    /// [`local_addr`](Server::local_addr) tells. Up to 4,096 connections wait to be accepted, if the
    /// system allows that.
    ///
    /// # Errors
    ///
    /// If the address can't be bound, or a thread can't be started;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for [`io_threads(0)`](Self::io_threads).
    pub fn bind<D: Data>(self, address: impl ToSocketAddrs) -> io::Result<Server<D>> {
        self.listen(bind(address)?)
    }

    /// Starts the server on this listener, which has a backlog of its own: std's, of 128, is short.
    ///
    /// # Errors
    ///
    /// As with [`bind`](Self::bind).
    pub fn listen<D: Data>(self, listener: TcpListener) -> io::Result<Server<D>> {
        let threads = self.io_threads;
        if threads == 0 {
            let error = "io_threads(0): a server without I/O threads is made by bind_driven()";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
        }
        let shared = self.shared(&listener)?;
        // If this fails, some threads may run already: they end when `shared` is dropped.
        start_threads(&shared.engine, listener, threads)?;
        Ok(Server::new(shared))
    }

    /// Makes a server at this address without I/O threads. The [`Driver`] does its I/O, on the
    /// thread that holds it.
    ///
    /// # Errors
    ///
    /// If the address can't be bound.
    pub fn bind_driven<D: Data>(
        self,
        address: impl ToSocketAddrs,
    ) -> io::Result<(Server<D>, Driver<D>)> {
        self.listen_driven(bind(address)?)
    }

    /// Makes a server on this listener without I/O threads, as
    /// [`bind_driven`](Self::bind_driven) does.
    ///
    /// # Errors
    ///
    /// If the system can't watch the listener for events.
    pub fn listen_driven<D: Data>(
        self,
        listener: TcpListener,
    ) -> io::Result<(Server<D>, Driver<D>)> {
        let shared = self.shared(&listener)?;
        let engine = Arc::clone(&shared.engine);
        let worker = single_worker(&engine, listener)?;
        Ok((Server::new(shared), Driver::new(engine, worker)))
    }

    fn shared<D: Data>(self, listener: &TcpListener) -> io::Result<Shared<D>> {
        let local_addr = listener.local_addr()?;
        let settings = Settings {
            head_timeout: self.head_timeout,
            idle_timeout: idle_timeout(self.idle_timeout, &self.config),
            fallback: self.fallback,
            http2: false,
        };
        let hub = Hub::new(self.config, StdClock::start(), self.observer);
        if let Some(bus) = self.bus {
            hub.use_bus(bus);
        }
        let limits = Limits::new(self.max_connections, self.max_connections_per_address);
        Ok(Shared { engine: Engine::new(hub, settings, limits), local_addr })
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
