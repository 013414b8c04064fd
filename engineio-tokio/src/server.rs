//! The handle of a server.

use std::fmt;
use std::future::Future;
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use engineio_hub::{Hub, Observer, ServerHandle, default_observer};
use engineio_hyper::drive;
use engineio_proto::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::{TokioClock, timer};
use crate::listener;
use crate::service::{EngineIoLayer, EngineIoService, NotFound};

/// An Engine.IO server. Clones are cheap and mean the same server.
///
/// - **Requests come in** through [`layer`](Self::layer) beside the routes of a web
///   application, through [`service`](Self::service) under a path of its own, or
///   through [`serve`](Self::serve) with no framework at all.
/// - **Sessions come out** one way: one by one with [`accept`](ServerHandle::accept) or
///   [`incoming`](ServerHandle::incoming), or all as one stream with
///   [`events`](ServerHandle::events).
/// - **The whole server** is spoken to with [`send`](crate::Sessions::send),
///   [`broadcast`](crate::Sessions::broadcast), [`disconnect`](crate::Sessions::disconnect) and
///   [`close`](Self::close).
///
/// `D` is what the application keeps with each session, given when it is accepted.
///
/// It needs a tokio runtime with time and I/O from the first request on. Its one task
/// of its own ends with the last handle.
pub struct Server<D: Send + Sync + 'static = ()> {
    handle: ServerHandle<D>,
    /// Set when listeners are to stop: until when they may wait for last answers.
    pub(crate) stop: watch::Sender<Option<Instant>>,
}

/// A server about to be made, for what isn't in [`ServerConfig`].
pub struct ServerBuilder {
    config: ServerConfig,
    observer: Box<dyn Observer>,
}

impl Server {
    /// A server whose sessions carry no data of the application's.
    pub fn new(config: ServerConfig) -> Self {
        Self::builder(config).build()
    }

    /// A server about to be made: with an observer, or with data for each session.
    pub fn builder(config: ServerConfig) -> ServerBuilder {
        ServerBuilder { config, observer: default_observer() }
    }
}

impl ServerBuilder {
    /// Who hears of refusals, openings, upgrades and closings. Without one, nobody; or
    /// with the feature `tracing`, the subscriber of that crate: an observer of your own takes
    /// its place, and can call `TracingObserver` to have both.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// The server.
    pub fn build<D: Send + Sync + 'static>(self) -> Server<D> {
        let hub = Hub::new(self.config, TokioClock::start(), self.observer);
        let (stop, _) = watch::channel(None);
        Server { handle: ServerHandle::new(hub), stop }
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<D: Send + Sync + 'static> Server<D> {
    /// Closes the server: handshakes get 503 from now on, sessions are flushed and
    /// closed one after the other. Those left after three quarters of `within` are cut
    /// off. Ready when the last one is gone, at the latest after `within`; listeners of
    /// [`serve`](Self::serve) stop then.
    pub async fn close(&self, within: Duration) {
        self.start_driver();
        let left = engineio_hyper::close(self.hub(), within, &timer()).await;
        self.stop.send_replace(Some(Instant::now() + left));
    }

    /// A layer that takes the requests of the server's path out of a web application,
    /// for axum's `Router::layer` and everything else that builds on tower.
    ///
    /// It answers for CORS on that path itself, as [`cors`](ServerConfig::cors) says. The
    /// address of a client is known to
    /// [`Incoming::remote_ip`](crate::Incoming::remote_ip) if something before the layer puts a
    /// [`RemoteAddr`](crate::RemoteAddr) among the request's extensions.
    pub fn layer(&self) -> EngineIoLayer<D> {
        EngineIoLayer::new(self.clone())
    }

    /// A service with nothing around it: other paths get 404. To serve every path, for
    /// axum's `nest_service`, set [`path`](crate::ServerConfigBuilder::path) to `None`.
    pub fn service(&self) -> EngineIoService<NotFound, D> {
        EngineIoService::new(self.clone(), NotFound)
    }

    /// Serves the connections of a listener, HTTP/1.1 and HTTP/2, until the server is
    /// [closed](Self::close).
    ///
    /// A connection has 30 s for its first byte. It is dropped when no request's head is
    /// complete, or the peer takes no bytes, for
    /// [`ping_interval`](ServerConfig::ping_interval) and
    /// [`ping_timeout`](ServerConfig::ping_timeout) together, 30 s at least.
    ///
    /// # Errors
    ///
    /// Only if the listener itself fails. What goes wrong with one connection ends that
    /// connection.
    pub fn serve(
        &self,
        listener: TcpListener,
    ) -> impl Future<Output = io::Result<()>> + Send + use<D> {
        listener::serve(self.clone(), listener)
    }

    pub(crate) const fn hub(&self) -> &Arc<Hub<D>> {
        ServerHandle::hub(&self.handle)
    }

    /// Starts the task that lets time pass, if none runs.
    pub(crate) fn start_driver(&self) {
        if let Some(hub) = self.hub().undriven() {
            tokio::spawn(drive(hub, timer()));
        }
    }
}

/// What is the same for every binding: how sessions come out, and what is said to them.
impl<D: Send + Sync + 'static> Deref for Server<D> {
    type Target = ServerHandle<D>;

    fn deref(&self) -> &ServerHandle<D> {
        &self.handle
    }
}

impl<D: Send + Sync + 'static> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), stop: self.stop.clone() }
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("sessions", &self.len()).finish_non_exhaustive()
    }
}
