//! The handle of a server.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::listener::{ACCEPT_PAUSE, AcceptError};
use engineio_hub::{Hub, Observer, ServerHandle, default_observer};
use engineio_hyper::{BoxError, drive};
use engineio_proto::ServerConfig;
use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::future::{or, yield_now};
use http::{Request, Response};
use http_body::Body;

use crate::connection::{self, left_until, not_found};
use crate::listener::Listener;
use crate::rt::{clock, machine_time, spawn, timeout, timer};
use crate::stop::{Connections, Stop};

/// An Engine.IO server. Clones are cheap and mean the same server.
///
/// - **Requests come in** through [`serve`](Self::serve), or beside pages of the application's
///   through [`serve_with`](Self::serve_with), or connection by connection through
///   [`serve_connection`](Self::serve_connection).
/// - **Sessions come out** one way: one by one with [`accept`](ServerHandle::accept) or
///   [`incoming`](ServerHandle::incoming), or all as one stream with
///   [`events`](ServerHandle::events).
/// - **The whole server** is spoken to with [`send`](crate::Sessions::send),
///   [`broadcast`](crate::Sessions::broadcast), [`disconnect`](crate::Sessions::disconnect) and
///   [`close`](Self::close).
///
/// `D` is what the application keeps with each session, given when it is accepted.
///
/// Its one task of its own ends with the last handle.
pub struct Server<D: Send + Sync + 'static = ()> {
    handle: ServerHandle<D>,
    pub(crate) stop: Arc<Stop>,
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
        let hub = Hub::new(self.config, clock(), self.observer);
        Server { handle: ServerHandle::new(hub), stop: Arc::default() }
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
        self.stop.set(machine_time() + left);
    }

    /// Serves the connections of a listener, HTTP/1.1, until the server is
    /// [closed](Self::close). Other paths get 404.
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
        listener: impl Listener,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        serve(self.clone(), listener, not_found)
    }

    /// As [`serve`](Self::serve), with a handler for the requests of other paths.
    pub fn serve_with<H, F, B>(
        &self,
        listener: impl Listener,
        handler: H,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static
    where
        H: Fn(Request<hyper::body::Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        serve(self.clone(), listener, handler)
    }

    /// Serves one connection that the application has accepted itself: over TLS, a Unix socket or
    /// anything else. Ready when it ends; its WebSocket goes on in a task of its own.
    pub async fn serve_connection(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Option<SocketAddr>,
    ) {
        connection::serve(self, stream, peer, not_found).await;
    }

    /// As [`serve_connection`](Self::serve_connection), with a handler for the requests of other
    /// paths.
    pub async fn serve_connection_with<H, F, B>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Option<SocketAddr>,
        handler: H,
    ) where
        H: Fn(Request<hyper::body::Incoming>) -> F,
        F: Future<Output = Response<B>>,
        B: Body<Data = Bytes> + 'static,
        B::Error: Into<BoxError>,
    {
        connection::serve(self, stream, peer, handler).await;
    }

    pub(crate) const fn hub(&self) -> &Arc<Hub<D>> {
        ServerHandle::hub(&self.handle)
    }

    /// Starts the task that lets time pass, if none runs.
    pub(crate) fn start_driver(&self) {
        if let Some(hub) = self.hub().undriven() {
            spawn(drive(hub, timer()));
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

async fn serve<D, H, F, B>(server: Server<D>, listener: impl Listener, handler: H) -> io::Result<()>
where
    D: Send + Sync + 'static,
    H: Fn(Request<hyper::body::Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let connections = Arc::new(Connections::default());
    let until = loop {
        let accepted = async { Ok(listener.accept().await) };
        let stopped = async { Err(server.stop.wait().await) };
        let (stream, peer) = match or(stopped, accepted).await {
            Err(until) => break until,
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => match AcceptError::of(&error) {
                AcceptError::Final => return Err(error),
                AcceptError::OfPeer => continue,
                AcceptError::Passing => {
                    async_io::Timer::after(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let (server, handler) = (server.clone(), handler.clone());
        let open = connections.begin();
        spawn(async move {
            connection::serve(&server, stream, Some(peer), handler).await;
            drop(open);
        });
        // Whoever connects faster than is accepted would keep a single thread busy for ever.
        yield_now().await;
    };
    drop(listener);
    // No session is left: what remains are idle connections and last answers.
    timeout(left_until(until), connections.wait_for_end()).await;
    Ok(())
}

impl<D: Send + Sync + 'static> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), stop: Arc::clone(&self.stop) }
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("sessions", &self.len()).finish_non_exhaustive()
    }
}
