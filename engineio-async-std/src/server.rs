//! The handle of a server.

use std::borrow::Borrow;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::cluster::Bus;
use engineio_hub::listener::{Limits, idle_timeout};
use engineio_hub::{
    Data, Events, Group, Handler, Handshake, Hub, Incoming, Observer, Sender, Sessions, Socket,
    default_observer,
};
use engineio_hyper::{BoxError, Serving};
use engineio_proto::server::Refusal;
use engineio_proto::{Outgoing, SendError, ServerConfig, Sid};
use futures_io::{AsyncRead, AsyncWrite};
use http::{Request, Response};
use http_body::Body;

use crate::accepting::{serve, serve_alone};
use crate::connection;
use crate::core::Core;
use crate::listener::{self, Listener};
use crate::rt::{clock, machine_time, spawn, timer};

/// An Engine.IO server. Clones are cheap and mean the same server.
///
/// - **Serve requests** with [`bind`](Self::bind) or [`serve`](Self::serve), beside the
///   application's own pages with [`bind_with`](Self::bind_with) or
///   [`serve_with`](Self::serve_with), or connection by connection with
///   [`serve_connection`](Self::serve_connection).
/// - **Consume sessions** in one of three ways, each of which can check the handshake:
///
/// | | for | by |
/// |---|---|---|
/// | sockets | a task for each session | [`accept`](Self::accept), [`incoming`](Self::incoming) |
/// | events | one loop for all sessions | [`events`](Self::events), [`events_with`](Self::events_with), [`events_with_async`](Self::events_with_async) |
/// | handler | callbacks, the least cost | [`handle`](Self::handle) |
///
/// - **Control the whole server** with [`send`](Self::send), [`send_to`](Self::send_to),
///   [`broadcast`](Self::broadcast), [`group`](Self::group), [`disconnect`](Self::disconnect) and
///   [`close`](Self::close); [`get`](Self::get) returns one session.
///
/// `D` is the application's data for each session, given when it is accepted.
///
/// It runs one task, which ends with the last handle.
pub struct Server<D: Data = ()> {
    core: Core<D>,
}

/// Builds a [`Server`], with the settings that aren't in [`ServerConfig`].
#[must_use = "a builder does nothing until `build`"]
pub struct ServerBuilder {
    config: ServerConfig,
    observer: Box<dyn Observer>,
    bus: Option<Box<dyn Bus>>,
    idle_timeout: Option<Duration>,
    max_connections: usize,
    max_connections_per_address: usize,
    #[cfg(feature = "cluster")]
    cluster: Option<crate::Cluster>,
}

impl Server {
    /// Makes a server whose sessions carry no application data.
    pub fn new(config: ServerConfig) -> Self {
        Self::builder(config).build()
    }

    /// Builds a server with an observer, or with data for each session.
    pub fn builder(config: ServerConfig) -> ServerBuilder {
        ServerBuilder {
            config,
            observer: default_observer(),
            bus: None,
            idle_timeout: None,
            max_connections: usize::MAX,
            max_connections_per_address: usize::MAX,
            #[cfg(feature = "cluster")]
            cluster: None,
        }
    }

    /// Waits for the next client, and accepts it unconditionally. `None` as with
    /// [`incoming`](Self::incoming).
    pub async fn accept(&self) -> Option<Socket> {
        loop {
            if let Some(socket) = self.incoming().await?.accept() {
                return Some(socket);
            }
        }
    }

    /// Accepts all clients, and returns their events as one stream.
    ///
    /// A server is consumed in one way only. If it is consumed in another way already, the stream
    /// ends at once, and the observer is told.
    pub fn events(&self) -> Events {
        self.core.hub.events()
    }
}

impl ServerBuilder {
    /// Sets the observer of refusals, openings, upgrades and closes. Default: `TracingObserver`
    /// with the feature `tracing`, `MetricsObserver` with the feature `metrics`. This one replaces
    /// them; a pair of observers tells both.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// Sets how long a connection may be idle between two requests, and how long its peer may take
    /// no bytes, before it is ended. Default: [`ping_interval`](ServerConfig::ping_interval) plus
    /// [`ping_timeout`](ServerConfig::ping_timeout), 30 s at least: a client that polls uses a
    /// connection that often.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Sets the most connections of [`serve`](Server::serve) at a time. Others get 503, and the
    /// observer is told. Default: no limit but the system's.
    pub const fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// Sets the most connections of [`serve`](Server::serve) at a time from one address, or in IPv6
    /// from one /64, which one client may have for itself. Others get 503, and the observer is
    /// told. Default: no limit, since all clients behind a proxy have the proxy's address.
    pub const fn max_connections_per_address(mut self, count: usize) -> Self {
        self.max_connections_per_address = count;
        self
    }

    /// Makes the server a node of a cluster: requests for sessions of its other nodes are forwarded
    /// there, so that the balancer in front of them may send any request anywhere. Set
    /// [`node`](ServerConfig::node) as well.
    #[cfg(feature = "cluster")]
    pub fn cluster(mut self, cluster: crate::Cluster) -> Self {
        self.cluster = Some(cluster);
        self
    }

    /// Makes groups span the nodes of a cluster, all servers whose bus has the same name, and
    /// [`broadcast_to_cluster`](Server::broadcast_to_cluster) with them. The crates `engineio-nats`
    /// and `engineio-redis` have one. Without one they are this server's alone.
    pub fn bus(mut self, bus: impl Bus) -> Self {
        self.bus = Some(Box::new(bus));
        self
    }

    /// Builds the server.
    pub fn build<D: Data>(self) -> Server<D> {
        let idle_timeout = idle_timeout(self.idle_timeout, &self.config);
        let limits = Limits::new(self.max_connections, self.max_connections_per_address);
        let hub = Hub::new(self.config, clock(), self.observer);
        if let Some(bus) = self.bus {
            hub.use_bus(bus);
        }
        #[cfg(not(feature = "cluster"))]
        let forwarder = None;
        #[cfg(feature = "cluster")]
        let forwarder = self.cluster.map(|cluster| {
            hub.join(cluster);
            crate::cluster::forwarder(idle_timeout)
        });
        Server { core: Core::new(hub, idle_timeout, limits, forwarder) }
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<D: Data> Server<D> {
    /// Waits for the next client that asks for a session, for an application that checks the
    /// request first. `None`: there will be none, as the server has closed or is consumed in
    /// another way.
    ///
    /// A client waits for [`accept_timeout`](ServerConfig::accept_timeout) at most. Decide in a
    /// separate task if that takes long.
    pub fn incoming(&self) -> impl Future<Output = Option<Incoming<D>>> {
        poll_fn(|cx| self.core.hub.poll_incoming(cx))
    }

    /// Returns the events of all sessions as one stream, behind a login. The login returns the data
    /// to keep with the session, or a refusal, for each handshake.
    ///
    /// The login must not block; use [`events_with_async`](Self::events_with_async) for one that
    /// has to wait. If it panics, the client gets 500.
    ///
    /// ```
    /// use engineio_async_std::{Server, ServerConfig, ServerEvent};
    ///
    /// # futures_lite::future::block_on(async {
    /// let server: Server<String> = Server::builder(ServerConfig::default()).build();
    /// let mut events = server.events_with(|handshake| match handshake.query("name") {
    ///     Some(name) => Ok(name.into_owned()),
    ///     None => Err(handshake.refuse_json(401, "who are you?")),
    /// });
    /// # server.close(std::time::Duration::ZERO).await;
    /// while let Some(event) = events.next().await {
    ///     if let ServerEvent::Message(sender, message) = event {
    ///         println!("{} says {message:?}", sender.data());
    ///     }
    /// }
    /// # });
    /// ```
    pub fn events_with(
        &self,
        login: impl Fn(&Handshake) -> Result<D, Refusal> + Send + Sync + 'static,
    ) -> Events<D> {
        self.core.hub.events_with(login)
    }

    /// As [`events_with`](Self::events_with), with a login that may wait, for
    /// [`accept_timeout`](ServerConfig::accept_timeout) at most. The task of the client's request
    /// runs it, and drops it when the client leaves.
    pub fn events_with_async<F>(
        &self,
        login: impl Fn(Handshake) -> F + Send + Sync + 'static,
    ) -> Events<D>
    where
        F: Future<Output = Result<D, Refusal>> + Send + 'static,
    {
        self.core.hub.events_with_async(login)
    }

    /// Calls a [`Handler`] for all sessions.
    ///
    /// If the server is consumed in another way already, the handler is dropped, and the observer
    /// is told.
    pub fn handle(&self, handler: impl Handler<D>) {
        self.core.hub.handle(handler);
    }

    /// How many connections of [`serve`](Self::serve) are open, of any kind.
    pub fn connections(&self) -> usize {
        self.core.listening.limits.count()
    }

    /// The settings of the server.
    pub fn config(&self) -> &ServerConfig {
        self.core.hub.config()
    }

    /// How many requests and WebSockets for sessions of other nodes are under way.
    #[cfg(feature = "cluster")]
    pub fn forwards(&self) -> usize {
        self.core.hub.forwards()
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        self.sessions().len()
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The session of this identifier.
    pub fn get(&self, sid: &Sid) -> Option<Sender<D>> {
        self.core.hub.get(sid)
    }

    /// The open sessions, to send to them. They don't keep the server running, so a [`Handler`] may
    /// hold them.
    pub fn sessions(&self) -> Sessions<D> {
        self.core.hub.sessions()
    }

    /// Sends to one session, without waiting.
    ///
    /// # Errors
    ///
    /// Both give the message back: [`SendError::Closed`] if there is no such session,
    /// [`SendError::Full`] if more than [`outbox_high_water`](ServerConfig::outbox_high_water)
    /// bytes are queued for it already.
    pub fn send(&self, sid: &Sid, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.sessions().send(sid, outgoing)
    }

    /// Sends to several sessions, without waiting; see [`Sessions::send_to`].
    pub fn send_to(
        &self,
        sids: impl IntoIterator<Item = impl Borrow<Sid>>,
        outgoing: impl Into<Outgoing>,
    ) {
        self.sessions().send_to(sids, outgoing);
    }

    /// Sends to every session of this server, without waiting; see [`Sessions::broadcast`].
    pub fn broadcast(&self, outgoing: impl Into<Outgoing>) {
        self.sessions().broadcast(outgoing);
    }

    /// Sends to every session of all nodes of the cluster; see
    /// [`Sessions::broadcast_to_cluster`].
    pub fn broadcast_to_cluster(&self, outgoing: impl Into<Outgoing>) {
        self.sessions().broadcast_to_cluster(outgoing);
    }

    /// Sends to the sessions for which the filter returns `true`, without waiting; see
    /// [`Sessions::broadcast_where`].
    pub fn broadcast_where(
        &self,
        filter: impl FnMut(&Sid, &D) -> bool,
        outgoing: impl Into<Outgoing>,
    ) {
        self.sessions().broadcast_where(filter, outgoing);
    }

    /// The group of this name: sessions that get the same messages; see [`Group`].
    pub fn group(&self, name: impl AsRef<str>) -> Group<D> {
        self.sessions().group(name)
    }

    /// Closes one session when its queued messages have left, at the latest after
    /// [`close_timeout`](ServerConfig::close_timeout). `false`: there is no such session.
    pub fn disconnect(&self, sid: &Sid) -> bool {
        self.sessions().disconnect(sid)
    }

    /// Closes the server. Handshakes get 503 from now on, and sessions are flushed and closed one
    /// after the other. Those left after three quarters of `within` are cut off. Ready when the
    /// last one is gone, after `within` at the latest; then the listeners of [`serve`](Self::serve)
    /// stop.
    ///
    /// In a cluster, what passes through to other nodes leaves in the same time: polls are
    /// answered, and the sessions of WebSockets flushed and closed by their nodes.
    pub async fn close(&self, within: Duration) {
        self.core.start_driver();
        let left = engineio_hyper::close(&self.core.hub, within, timer()).await;
        self.core.listening.stop.set(machine_time() + left);
    }

    /// Closes one of several servers that share the clients, for a rolling restart: as
    /// [`close`](Self::close), but the sessions end evenly over the first half of `within`, so that
    /// the other servers take their clients one by one.
    ///
    /// Handshakes get 503 with `Retry-After` from now on; a balancer that asks
    /// [`is_closing`](Self::is_closing) by a route of yours sends them elsewhere. Each session goes
    /// on until its turn comes, then what it has accepted leaves, and its client is told.
    pub async fn drain(&self, within: Duration) {
        self.core.start_driver();
        let left = engineio_hyper::drain(&self.core.hub, within, timer()).await;
        self.core.listening.stop.set(machine_time() + left);
    }

    /// Whether [`close`](Self::close) or [`drain`](Self::drain) was called, so that handshakes get
    /// 503: the answer to a balancer that asks whether the server is ready.
    pub fn is_closing(&self) -> bool {
        self.core.hub.is_closing()
    }

    /// Binds a listener to this address, for up to 4,096 connections that wait to be accepted, if
    /// the system allows as many. The result serves it as [`serve`](Self::serve) does, once it is
    /// awaited or spawned. Port 0 takes a free one, which [`local_addr`](Serving::local_addr)
    /// tells.
    ///
    /// ```no_run
    /// use engineio_async_std::{Server, ServerConfig};
    ///
    /// # async fn start() -> std::io::Result<()> {
    /// let server = Server::new(ServerConfig::default());
    /// let serving = server.bind("127.0.0.1:3000")?;
    /// println!("listening on {}", serving.local_addr());
    /// serving.await?; // or spawn it
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Give it an address: a host name is looked up by the calling thread, which waits for that.
    ///
    /// # Errors
    ///
    /// If the address can't be bound, in most cases since it is in use or its port needs rights.
    pub fn bind(&self, address: impl ToSocketAddrs) -> io::Result<Serving> {
        let listener = listener::bind(address)?;
        Ok(Serving::new(listener.get_ref().local_addr()?, self.serve(listener)))
    }

    /// As [`bind`](Self::bind), with a handler for the requests of other paths.
    ///
    /// # Errors
    ///
    /// As with [`bind`](Self::bind).
    pub fn bind_with<H, F, B>(&self, address: impl ToSocketAddrs, handler: H) -> io::Result<Serving>
    where
        H: Fn(Request<hyper::body::Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let listener = listener::bind(address)?;
        Ok(Serving::new(listener.get_ref().local_addr()?, self.serve_with(listener, handler)))
    }

    /// Serves the connections of a listener, HTTP/1.1, until the server is [closed](Self::close).
    /// [`bind`](Self::bind) makes a listener for many clients. Other paths get 404 and are told
    /// where the server is.
    ///
    /// A connection has 30 s for its first byte, and for the head of a request from that one's
    /// first byte on, or gets 408. It is dropped if nothing comes between two requests, or its peer
    /// takes no bytes, for the [`idle_timeout`](ServerBuilder::idle_timeout).
    ///
    /// # Errors
    ///
    /// Only if the listener itself fails. An error of a connection ends just that connection.
    pub fn serve(
        &self,
        listener: impl Listener,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        serve_alone(self.core.clone(), listener)
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
        serve(self.core.clone(), listener, handler)
    }

    /// Serves one connection that the application has accepted itself, over TLS, a Unix socket or
    /// anything else. Ready when the connection ends; a WebSocket goes on in a separate task.
    ///
    /// `poll_close` should end the writing side of the stream, or some peers wait for their end
    /// until [`linger`](crate::ServerConfig::linger) is over. For the sockets of async-std and of
    /// `async-io`, which only flush there, alone or in `futures-rustls`, this is made up for.
    pub async fn serve_connection(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Option<SocketAddr>,
    ) {
        if let Some(websocket) = connection::serve_alone(&self.core, stream, peer, None).await {
            spawn(websocket);
        }
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
        connection::serve(&self.core, stream, peer, None, handler).await;
    }
}

impl<D: Data> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone() }
    }
}

impl<D: Data> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("sessions", &self.len()).finish_non_exhaustive()
    }
}
