//! The handle of a server.

use std::borrow::Borrow;
use std::fmt;
use std::future::poll_fn;
use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engineio_hub::{Data, Group, Handshake, Hub, Sessions};
use engineio_proto::server::Refusal;
use engineio_proto::{Outgoing, SendError, ServerConfig, Sid};

use super::close::close;
use super::events::Events;
use super::handler::{Adapter, Handler};
use super::incoming::Incoming;
use super::sender::Sender;
use super::shared::Shared;
use super::socket::Socket;
use crate::block::{block_for, block_on, try_recv};
use crate::error::TryRecvError;

/// An Engine.IO server with its listener. Clones are cheap and mean the same server. It stops when
/// the last clone and the last of its [`Events`] are dropped.
///
/// **Consume sessions** in one of three ways, each of which can check the handshake:
///
/// | | for | by |
/// |---|---|---|
/// | sockets | a thread for each session | [`accept`](Self::accept), [`incoming`](Self::incoming) |
/// | events | one loop, or a few workers, for all sessions | [`events`](Self::events), [`events_with`](Self::events_with) |
/// | handler | callbacks in the I/O thread, the least cost | [`handle`](Self::handle) |
///
/// **Control the whole server** with [`send`](Self::send), [`send_to`](Self::send_to),
/// [`broadcast`](Self::broadcast), [`group`](Self::group), [`disconnect`](Self::disconnect) and
/// [`close`](Self::close); [`get`](Self::get) returns one session.
///
/// `D` is the application's data for each session, given when it is accepted.
pub struct Server<D: Data = ()> {
    shared: Arc<Shared<D>>,
}

impl Server {
    /// Waits for the next client, and accepts it unconditionally. `None` as with
    /// [`incoming`](Self::incoming).
    pub fn accept(&self) -> Option<Socket> {
        iter::from_fn(|| self.incoming()).find_map(Incoming::accept)
    }

    /// As [`accept`](Self::accept), but without waiting.
    ///
    /// # Errors
    ///
    /// As with [`try_incoming`](Self::try_incoming).
    pub fn try_accept(&self) -> Result<Socket, TryRecvError> {
        loop {
            if let Some(socket) = self.try_incoming()?.accept() {
                return Ok(socket);
            }
        }
    }

    /// Accepts all clients, and returns their events as one stream.
    ///
    /// A server is consumed in one way only. If it is consumed in another way already, the stream
    /// ends at once, and the observer is told.
    pub fn events(&self) -> Events {
        Events::new(&self.shared, self.hub().events())
    }
}

impl<D: Data> Server<D> {
    pub(super) fn new(shared: Shared<D>) -> Self {
        Self { shared: Arc::new(shared) }
    }

    fn hub(&self) -> &Hub<D> {
        &self.shared.engine.hub
    }

    /// The address that the server listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local_addr
    }

    /// Waits for the next client that asks for a session, for an application that checks the
    /// request first. `None`: there will be none, as the server has closed or is consumed in
    /// another way.
    ///
    /// A client waits for [`accept_timeout`](ServerConfig::accept_timeout) at most. Decide in a
    /// separate thread if that takes long.
    pub fn incoming(&self) -> Option<Incoming<D>> {
        block_on(poll_fn(|cx| self.hub().poll_incoming(cx))).map(Incoming::new)
    }

    /// As [`incoming`](Self::incoming), but without waiting.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if no client is waiting now, [`TryRecvError::Closed`] where
    /// [`incoming`](Self::incoming) gives `None`.
    pub fn try_incoming(&self) -> Result<Incoming<D>, TryRecvError> {
        try_recv(poll_fn(|cx| self.hub().poll_incoming(cx))).map(Incoming::new)
    }

    /// Returns the events of all sessions as one stream, behind a login. The login returns the data
    /// to keep with the session, or a refusal, for each handshake.
    ///
    /// The thread that asks for the next event runs the login, so it may block. Other events wait
    /// meanwhile, unless other workers ask for them. A client waits for
    /// [`accept_timeout`](ServerConfig::accept_timeout) at most.
    ///
    /// ```
    /// use engineio_sync::{Server, ServerConfig, ServerEvent};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let server: Server<String> = Server::builder(ServerConfig::default()).bind("127.0.0.1:0")?;
    /// let events = server.events_with(|handshake| match handshake.query("name") {
    ///     Some(name) => Ok(name.into_owned()),
    ///     None => Err(handshake.refuse_json(401, "who are you?")),
    /// });
    /// # server.close(std::time::Duration::ZERO);
    /// for event in events {
    ///     if let ServerEvent::Message(sender, message) = event {
    ///         println!("{} says {message:?}", sender.data());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn events_with(
        &self,
        login: impl Fn(&Handshake) -> Result<D, Refusal> + Send + Sync + 'static,
    ) -> Events<D> {
        Events::new(&self.shared, self.hub().events_with_blocking(login))
    }

    /// Calls a [`Handler`] for all sessions, on the threads that do the I/O.
    ///
    /// If the server is consumed in another way already, the handler is dropped, and the observer
    /// is told.
    pub fn handle(&self, handler: impl Handler<D>) {
        self.hub().handle(Adapter(handler));
    }

    /// How many connections are open, of any kind.
    pub fn connections(&self) -> usize {
        self.shared.engine.limits.count()
    }

    /// The server's settings.
    pub fn config(&self) -> &ServerConfig {
        self.hub().config()
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
        self.hub().get(sid).map(Sender::new)
    }

    /// The open sessions, to send to them. They don't keep the server running, so a [`Handler`] may
    /// hold them.
    pub fn sessions(&self) -> Sessions<D> {
        self.hub().sessions()
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
    /// after the other. Those left after three quarters of `within` are cut off. Returns when the
    /// last one is gone, the listener is closed and the I/O has ended, after `within` at the
    /// latest.
    ///
    /// On the thread that holds a [`Driver`](crate::Driver), call
    /// [`Driver::close`](crate::Driver::close) instead.
    pub fn close(&self, within: Duration) {
        self.close_by(within, Hub::close);
    }

    /// Closes one of several servers that share the clients, for a rolling restart: as
    /// [`close`](Self::close), but the sessions end evenly over the first half of `within`, so that
    /// the other servers take their clients one by one.
    ///
    /// Handshakes get 503 with `Retry-After` from now on; a balancer that asks
    /// [`is_closing`](Self::is_closing) by a route of yours sends them elsewhere. Each session goes
    /// on until its turn comes, then what it has accepted leaves, and its client is told.
    pub fn drain(&self, within: Duration) {
        self.close_by(within, Hub::drain);
    }

    /// Whether [`close`](Self::close) or [`drain`](Self::drain) was called, so that handshakes get
    /// 503: the answer to a balancer that asks whether the server is ready.
    pub fn is_closing(&self) -> bool {
        self.hub().is_closing()
    }

    fn close_by(&self, within: Duration, begin: impl FnOnce(&Hub<D>, Duration)) {
        let engine = &self.shared.engine;
        let left = close(engine, within, begin, |at_most| {
            block_for(poll_fn(|cx| engine.hub.poll_closed(cx)), at_most).is_some()
        });
        engine.wait_for_workers(left);
    }
}

impl<D: Data> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Data> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, sessions) = (self.local_addr(), self.len());
        f.debug_struct("Server")
            .field("address", &address)
            .field("sessions", &sessions)
            .finish_non_exhaustive()
    }
}
