//! The handle of a server.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::edge::{ACCEPT_PAUSE, AcceptError};
use engineio_hub::{Events, Hub, Incoming, Observer, Socket};
use engineio_hyper::{BoxError, drive};
use engineio_proto::{Config, Outgoing, SendError, Sid};
use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::future::or;
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
/// - **Sessions come out** one way: one by one with [`accept`](Self::accept) or
///   [`incoming`](Self::incoming), or all as one stream with [`events`](Self::events).
/// - **The whole server** is spoken to with [`send`](Self::send),
///   [`broadcast`](Self::broadcast), [`disconnect`](Self::disconnect) and
///   [`close`](Self::close).
///
/// `D` is what the application keeps with each session, given when it is accepted.
///
/// Its one task of its own ends with the last handle.
pub struct Server<D: Send + Sync + 'static = ()> {
    pub(crate) shared: Arc<Shared<D>>,
}

pub(crate) struct Shared<D: Send + Sync + 'static> {
    pub(crate) hub: Arc<Hub<D>>,
    has_driver: AtomicBool,
    pub(crate) stop: Stop,
}

/// A server about to be made, for what isn't in [`Config`].
pub struct ServerBuilder {
    config: Config,
    observer: Box<dyn Observer>,
}

impl Server {
    /// A server whose sessions carry no data of the application's.
    pub fn new(config: Config) -> Self {
        Self::builder(config).build()
    }

    /// A server about to be made: with an observer, or with data for each session.
    pub fn builder(config: Config) -> ServerBuilder {
        ServerBuilder { config, observer: default_observer() }
    }
}

#[cfg(feature = "tracing")]
fn default_observer() -> Box<dyn Observer> {
    Box::new(engineio_hub::TracingObserver)
}

#[cfg(not(feature = "tracing"))]
fn default_observer() -> Box<dyn Observer> {
    Box::new(())
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
        let (has_driver, stop) = (AtomicBool::new(false), Stop::default());
        Server { shared: Arc::new(Shared { hub, has_driver, stop }) }
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<D: Send + Sync + 'static> Server<D> {
    /// The next client that asks for a session, for an application that wants to look
    /// at the request first. `None` when there will be none: the server has closed, or
    /// is consumed by [`events`](Self::events).
    ///
    /// A client waits for [`accept_timeout`](Config::accept_timeout) at most: decide
    /// in a task of its own if it takes long.
    pub async fn incoming(&self) -> Option<Incoming<D>> {
        poll_fn(|cx| self.shared.hub.poll_incoming(cx)).await
    }

    /// Accepts the next client, whoever it is. `None` as with
    /// [`incoming`](Self::incoming).
    pub async fn accept(&self) -> Option<Socket<D>>
    where
        D: Default,
    {
        loop {
            if let Some(socket) = self.incoming().await?.accept() {
                return Some(socket);
            }
        }
    }

    /// Accepts all clients, and gives what they do as one stream of events.
    ///
    /// A server is consumed one way: after [`accept`](Self::accept) or
    /// [`incoming`](Self::incoming) the stream ends at once, and the observer is told.
    pub fn events(&self) -> Events<D>
    where
        D: Default,
    {
        self.shared.hub.events()
    }

    /// Sends to one session, without waiting.
    ///
    /// # Errors
    ///
    /// Both give the message back: [`SendError::Closed`] if there is no such session,
    /// [`SendError::Full`] if more than
    /// [`outbox_high_water`](Config::outbox_high_water) bytes wait for it already.
    pub fn send(&self, sid: &Sid, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.shared.hub.send(sid, outgoing)
    }

    /// Sends to every session, without waiting; the payload is shared. A session that has
    /// no room does what its [`Overflow`](crate::Overflow) says.
    pub fn broadcast(&self, outgoing: impl Into<Outgoing>) {
        self.shared.hub.broadcast(outgoing);
    }

    /// Closes one session when its queue has left, at the latest after
    /// [`close_timeout`](Config::close_timeout). `false`: there is no such session.
    pub fn disconnect(&self, sid: &Sid) -> bool {
        self.shared.hub.disconnect(sid)
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        self.shared.hub.len()
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.shared.hub.is_empty()
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        self.shared.hub.config()
    }

    /// Closes the server: handshakes get 503 from now on, sessions are flushed and
    /// closed one after the other. Those left after three quarters of `within` are cut
    /// off. Ready when the last one is gone, at the latest after `within`; listeners of
    /// [`serve`](Self::serve) stop then.
    pub async fn close(&self, within: Duration) {
        let hub = &self.shared.hub;
        let start = machine_time();
        self.start_driver();
        hub.close(within);
        let closed = || poll_fn(|cx| hub.poll_closed(cx));
        let last_quarter = within / 4;
        if timeout(within.saturating_sub(last_quarter), closed()).await.is_none() {
            hub.abort();
            // For the last words to be written.
            timeout(last_quarter, closed()).await;
        }
        let left = within.saturating_sub(start.elapsed()).min(hub.config().linger());
        self.shared.stop.set(machine_time() + left);
    }

    /// Serves the connections of a listener, HTTP/1.1, until the server is
    /// [closed](Self::close). Other paths get 404.
    ///
    /// A connection has 30 s for its first byte. It is dropped when no request's head is
    /// complete, or the peer takes no bytes, for
    /// [`ping_interval`](Config::ping_interval) and
    /// [`ping_timeout`](Config::ping_timeout) together, 30 s at least.
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

    /// Starts the task that lets time pass, if none runs.
    pub(crate) fn start_driver(&self) {
        if !self.shared.has_driver.load(Relaxed) && !self.shared.has_driver.swap(true, Relaxed) {
            spawn(drive(Arc::downgrade(&self.shared.hub), timer()));
        }
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
        let stopped = async { Err(server.shared.stop.wait().await) };
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
    };
    drop(listener);
    // No session is left: what remains are idle connections and last answers.
    timeout(left_until(until), connections.wait_for_end()).await;
    Ok(())
}

impl<D: Send + Sync + 'static> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("sessions", &self.len()).finish_non_exhaustive()
    }
}
