//! The hub: all sessions of a server, and the entry point for requests.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use engineio_proto::server::{
    Exchange, Input, Kind, Opening, Refusal, Route, Unavailable, foreign, route,
};
use engineio_proto::{Instant, ServerCloseReason, ServerConfig, Sid, Transport};
use http::Method;
use http::request::Parts;

use super::body::RequestBody;
use super::core::Core;
use super::deadlines::Target;
use super::handler::{carry, tell};
use super::handshake::{Connection, Handshake, RemoteAddr, remote_ip};
use super::head::Head;
use super::incoming::Incoming;
use super::pending::{PendingHandshake, RETRY_AFTER};
use super::reception::{Arrival, Pickup, Received};
use super::running::Running;
use super::seat::{Place, Seat};
use super::sender::Sender;
use super::sessions::Sessions;
use crate::clock::Clock;
use crate::cluster::Bus;
use crate::data::Data;
use crate::http_map;
use crate::observer::Observer;
use crate::refused::RequestLine;
use crate::shared::session::Pace;
use crate::upgrade::Upgrade;
use crate::websocket::Deflate;

/// All sessions of one server, and the entry point for requests. Clones are cheap and mean the same
/// server.
///
/// A binding passes every request to [`admit`](Self::admit), serves the [`Seat`] that it gets, and
/// runs one task or thread that calls [`expire`](Self::expire) in a loop. The rest is for the
/// application.
///
/// The server runs as long as it has a hub, a seat, a [`Framed`](crate::Framed), or a stream of
/// [`Events`](crate::Events).
///
/// `D` is the application's data for each session.
pub struct Hub<D: Data = ()> {
    pub(super) running: Arc<Running<D>>,
}

/// A hub that doesn't keep the server running.
pub struct WeakHub<D: Data = ()>(Weak<Running<D>>);

impl<D: Data> Hub<D> {
    /// Makes a hub with no sessions. The observer `()` ignores everything.
    pub fn new(config: ServerConfig, clock: impl Clock, observer: Box<dyn Observer>) -> Self {
        Self { running: Running::new(Core::new(config, clock, observer)) }
    }

    /// The server's settings.
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.running.core.config
    }

    /// The time by the hub's clock.
    pub fn now(&self) -> Instant {
        self.running.core.now()
    }

    /// How many bytes are counted of [`max_memory`](ServerConfig::max_memory).
    pub fn memory_held(&self) -> usize {
        self.running.core.budget.held()
    }

    /// Makes a reference that doesn't keep the server running.
    pub fn downgrade(&self) -> WeakHub<D> {
        WeakHub(Arc::downgrade(&self.running))
    }

    /// Returns the hub once, for the task that runs its deadlines. A binding that starts this task
    /// with the first request calls it at each request.
    pub fn undriven(&self) -> Option<WeakHub<D>> {
        self.running.begin_to_drive().then(|| self.downgrade())
    }

    /// Admits a request. `None`: its path isn't this server's.
    ///
    /// To show the application the peer's address, add it to the request's extensions as a
    /// [`RemoteAddr`].
    pub fn admit(&self, request: &Parts) -> Option<Seat<D>> {
        let peer = request.extensions.get().copied();
        self.admit_from(request, Connection::http1(peer))
    }

    /// As [`admit`](Self::admit), with what the request itself needn't carry: extensions cost an
    /// allocation or two.
    pub fn admit_from(&self, request: &Parts, connection: Connection) -> Option<Seat<D>> {
        self.admit_head(Head::Shared(request), connection)
    }

    /// As [`admit_from`](Self::admit_from), without a copy of the head for the application: if the
    /// request becomes a handshake, all but the extensions is taken from it.
    pub fn admit_taking(&self, request: &mut Parts, connection: Connection) -> Option<Seat<D>> {
        self.admit_head(Head::Taken(request), connection)
    }

    fn admit_head(&self, head: Head<'_>, connection: Connection) -> Option<Seat<D>> {
        let plain = http_map::request(self.config(), &head, connection);
        let is_upgrade = plain.upgrade;
        let routed = route(self.config(), &plain);
        if matches!(routed, Route::Foreign) {
            return None;
        }
        let line = RequestLine::new(self.config(), &head, connection.peer);
        let is_post = head.method == Method::POST;
        let length = is_post.then(|| http_map::content_length(&head)).flatten();
        let deflate = is_upgrade.then(|| self.compression(&head)).flatten();
        let (place, upgrade) = match routed {
            Route::Foreign => return None,
            Route::Answer(response) => (Place::Answered(Box::new(response)), None),
            Route::Refuse(refusal) => self.turn_away(&line, refusal),
            Route::Open(opening) => self.admit_handshake(opening, head, connection, &line),
            Route::Session { sid, exchange } => {
                self.admit_exchange(&sid, exchange, &head, connection, &line)
            }
        };
        let limit = self.config().max_payload();
        let body = match &place {
            Place::Seated(..) if is_post => RequestBody::new(limit, length),
            Place::Elsewhere(_) => RequestBody::Done,
            Place::Seated(..)
            | Place::Answered(_)
            | Place::Waiting(..)
            | Place::Compressing(_)
            | Place::Done => RequestBody::unwanted(limit),
        };
        let deflate = deflate.filter(|_| upgrade.is_some());
        Some(Seat::new(&self.running, place, body, upgrade, deflate, line))
    }

    /// What to agree on of the compression that a WebSocket's request offers.
    fn compression(&self, request: &Parts) -> Option<Deflate> {
        let threshold = self.config().websocket_compression_threshold();
        let is_on = self.config().websocket_compression();
        is_on.then(|| Deflate::accept(&request.headers, threshold)).flatten()
    }

    /// The answer to a request that isn't [admitted](Self::admit), where nothing else serves it.
    pub fn not_found(&self, request: &Parts, peer: Option<RemoteAddr>) -> http::Response<Bytes> {
        let plain = http_map::request(self.config(), request, Connection::http1(peer));
        let refusal = foreign(self.config(), &plain);
        self.running.core.refused(&refusal, &RequestLine::new(self.config(), request, peer));
        http_map::response(refusal.response())
    }

    fn admit_exchange(
        &self,
        sid: &str,
        exchange: Exchange,
        parts: &Parts,
        connection: Connection,
        line: &RequestLine,
    ) -> Admitted<D> {
        let Some(session) = self.running.core.sessions.get(sid) else {
            return self.admit_elsewhere(sid, exchange, parts, connection, line);
        };
        let (exchange, upgrade) = match self.check_upgrade(exchange, parts, connection) {
            Ok(checked) => checked,
            Err(refusal) => return self.turn_away(line, refusal),
        };
        let lacks_memory = exchange.kind() == Kind::Post
            && self.running.core.budget.is_exceeded()
            && http_map::content_length(parts)
                .is_some_and(|length| session.side.lacks_memory_for(length));
        let (mut exchange, mut turned_away) = (Some(exchange), None);
        let admitted = carry(self.running.handler(), &session, Pace::Full, |turn| {
            let conn = turn.new_conn();
            let exchange = exchange.take()?;
            turn.session.handle_input(turn.now, Input::Request(conn, exchange));
            if lacks_memory {
                turn.session.refuse_body(turn.now, conn, RETRY_AFTER.as_secs());
            }
            if upgrade.is_none() {
                return Some((conn, turn.take_answer(conn)));
            }
            if turn.session.probe() == Some(conn) {
                turn.state.probe = Some(Box::new(line.clone()));
            } else {
                turned_away = turn.session.poll_turned_away();
            }
            Some((conn, None))
        });
        if let Some((_, refusal)) = turned_away {
            self.running.core.refused(&refusal, line);
        }
        match (admitted.flatten(), exchange) {
            (Some((_, Some(Ok(response)))), _) => (Place::Answered(Box::new(response)), None),
            (Some((_, Some(Err(refusal)))), _) => self.turn_away(line, refusal),
            (Some((conn, None)), _) => (Place::Seated(session, conn), upgrade),
            (None, Some(exchange)) => self.turn_away(line, exchange.unknown_session()),
            (None, None) => (Place::Done, None),
        }
    }

    /// Checks the WebSocket handshake, if the request asks for a WebSocket.
    pub(super) fn check_upgrade(
        &self,
        exchange: Exchange,
        parts: &Parts,
        connection: Connection,
    ) -> Result<(Exchange, Option<Upgrade>), Refusal> {
        match exchange.kind() {
            Kind::Framed(_) => match Upgrade::of(parts, connection) {
                None => Err(exchange.broken_websocket()),
                Some(_) if !self.running.core.upgradability.note(connection) => {
                    Err(exchange.no_upgrade())
                }
                upgrade => Ok((exchange, upgrade)),
            },
            Kind::Poll | Kind::Post => Ok((exchange, None)),
        }
    }

    fn admit_handshake(
        &self,
        mut opening: Opening,
        head: Head<'_>,
        connection: Connection,
        line: &RequestLine,
    ) -> Admitted<D> {
        let core = &self.running.core;
        let upgrade = if opening.transport() == Transport::WebSocket {
            let Some(upgrade) = Upgrade::of(&head, connection) else {
                return self.turn_away(line, opening.broken_websocket());
            };
            if !core.upgradability.note(connection) {
                return self.turn_away(line, opening.no_upgrade());
            }
            Some(upgrade)
        } else {
            if core.upgradability.is_missing() {
                opening.withhold_upgrades();
            }
            None
        };
        let waiting = core.waiting.load(Relaxed);
        let unavailable = if core.is_closing() {
            Some(Unavailable::Closing)
        } else if waiting >= core.config.max_waiting() {
            Some(Unavailable::TooManyWaiting)
        } else {
            let is_full = core.sessions.len() + waiting >= core.config.max_sessions();
            is_full.then_some(Unavailable::Overloaded)
        };
        let now = core.now();
        let address = || remote_ip(&core.config, &head, connection.peer);
        let slot = match unavailable {
            None => core.entrance.admit(now, address),
            Some(why) => Err(why),
        };
        let slot = match slot {
            Ok(slot) => slot,
            Err(why) => {
                return self.turn_away(line, opening.unavailable(why, RETRY_AFTER.as_secs()));
            }
        };
        let remote_ip = line.remote();
        let handshake = Handshake::new(&core.config, head.into_parts(), &opening, remote_ip);
        let pending = PendingHandshake::new(core, opening, handshake.may_compress(), slot, now);
        let arrival = Arrival { pending: Arc::clone(&pending), handshake };
        match self.running.reception.receive(arrival) {
            Received::Queued => {}
            Received::Login(arrival, login, audience) => self.log_in(*arrival, &login, audience),
            Received::Closed => pending.turn_away(Unavailable::Closing),
        }
        if !pending.is_decided() {
            let at = now + core.config.accept_timeout();
            core.deadlines.arm_anywhere(at, Target::Handshake(pending.as_expire()));
        }
        (Place::Waiting(pending, None), upgrade)
    }

    pub(super) fn turn_away(&self, line: &RequestLine, refusal: Refusal) -> Admitted<D> {
        self.running.core.refused(&refusal, line);
        (Place::Answered(Box::new(refusal.response())), None)
    }

    /// Runs all deadlines that are due, and returns the time of the next call: sleep until then, or
    /// until `cx`'s waker is woken. `None`: sleep until woken.
    ///
    /// One task or thread of a server calls it, from the first request on. It should hold the hub
    /// [weakly](Self::downgrade), and is woken when the server is gone. A call handles 4,096
    /// deadlines at most; if more are due, the next time is in the past.
    pub fn expire(&self, cx: &mut Context<'_>) -> Option<Instant> {
        let core = &self.running.core;
        let handler = self.running.handler();
        let mut has_given_up = false;
        for (at, target) in core.deadlines.take_due(core.now(), DUE_PER_SHARD) {
            match target {
                Target::Session(sid) => {
                    if let Some(session) = core.sessions.get(sid.as_str()) {
                        carry(handler, &session, Pace::Full, |turn| turn.deadline(at));
                    }
                }
                Target::Shutdown(sid) => {
                    if let Some(session) = core.sessions.get(sid.as_str()) {
                        carry(handler, &session, Pace::Full, |turn| {
                            turn.session.shutdown(turn.now)
                        });
                    }
                }
                Target::Handshake(handshake) => {
                    handshake.upgrade().into_iter().for_each(|handshake| handshake.expire());
                    has_given_up = true;
                }
                Target::Linger(linger) => {
                    linger.upgrade().into_iter().for_each(|linger| linger.expire());
                }
                Target::Relief => core.relieve(handler),
                #[cfg(feature = "metrics")]
                Target::Sample => core.take_sample(),
            }
        }
        if has_given_up {
            self.running.reception.sweep();
        }
        if let Some(handler) = handler {
            // For what the application itself did to sessions.
            while let Some(session) = core.ready.next(Some(cx.waker())) {
                tell(handler, &session);
            }
        }
        core.deadlines.sleep(cx.waker())
    }

    /// Waits for the next client that asks for a session. `None`: there will be none, as the server
    /// has closed, or is consumed by [`events`](Self::events_with) or a [handler](Self::handle).
    pub fn poll_incoming(&self, cx: &mut Context<'_>) -> Poll<Option<Incoming<D>>> {
        let next = self.running.reception.poll_next(Pickup::Incoming, Some(cx.waker()));
        if matches!(next, Poll::Ready(None)) && !self.is_closing() {
            self.misused("accept() or incoming()");
        }
        next.map(|arrival| arrival.map(|arrival| Incoming::new(&self.running, arrival)))
    }

    pub(super) fn misused(&self, what: &str) {
        let what =
            format!("{what} called on a server that is consumed in another way: it has no effect");
        self.running.core.observer.misused(&what);
    }

    /// Makes groups span the nodes of a cluster: those whose bus has the same name. Call it before
    /// there are sessions, once.
    pub fn use_bus(&self, bus: impl Bus) {
        self.running.core.take_bus(bus);
    }

    /// The open sessions, to send to one, several or all of them.
    pub fn sessions(&self) -> Sessions<D> {
        Sessions::new(Arc::clone(&self.running.core))
    }

    /// The session with this identifier.
    pub fn get(&self, sid: &Sid) -> Option<Sender<D>> {
        self.running.core.sessions.get(sid.as_str()).map(Sender::new)
    }

    /// Closes all sessions, and refuses handshakes with 503 from now on.
    ///
    /// The sessions are closed one after the other during the first half of `within`, and at most
    /// 10 ms apart, so that their clients don't all come back at once.
    /// [`poll_closed`](Self::poll_closed) tells when all are gone. It is up to the binding to
    /// [`abort`](Self::abort) those that are left near the end of `within`.
    ///
    /// What a session has accepted still leaves, and what its client sends meanwhile still reaches
    /// the application.
    pub fn close(&self, within: Duration) {
        self.close_apart(within, CLOSE_STEP);
    }

    /// As [`close`](Self::close), for one of several servers that share the clients, such as in a
    /// rolling restart: the sessions are closed evenly over the first half of `within`, however few
    /// they are, so that the other servers take their clients one by one.
    pub fn drain(&self, within: Duration) {
        self.close_apart(within, Duration::MAX);
    }

    fn close_apart(&self, within: Duration, most: Duration) {
        let core = &self.running.core;
        if !core.begin_to_close() {
            return;
        }
        self.running.reception.close();
        core.ready.wake();
        let count = u32::try_from(core.sessions.len().max(1)).unwrap_or(u32::MAX);
        let step = (within / 2 / count).min(most);
        let mut at = core.now();
        for session in core.sessions.iter() {
            let sid = &session.side.sid;
            core.deadlines.arm(sid, at, Target::Shutdown(sid.clone()));
            at = at + step;
        }
    }

    /// Ends all sessions at once, for instance those that a [`close`](Self::close) has left.
    pub fn abort(&self) {
        let sessions = self.running.core.sessions.iter();
        sessions.for_each(|session| session.abort(ServerCloseReason::Shutdown));
    }

    /// Whether [`close`](Self::close) or [`drain`](Self::drain) was called.
    pub fn is_closing(&self) -> bool {
        self.running.core.is_closing()
    }

    /// Waits until no session is left and all WebSockets have ended.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.running.core.wait_for_end(cx.waker());
        if self.running.core.is_over() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Waits until no request for a session of another node waits for its answer, so that a server
    /// that closes costs those sessions nothing. WebSockets that are passed on are another matter.
    pub fn poll_forwarded(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.running.core.wait_for_end(cx.waker());
        if self.running.elsewhere.has_requests() { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// Where a request is served, and for a WebSocket what its answer needs.
pub(super) type Admitted<D> = (Place<D>, Option<Upgrade>);

impl<D: Data> WeakHub<D> {
    /// The hub, if the server still runs.
    pub fn upgrade(&self) -> Option<Hub<D>> {
        self.0.upgrade().map(|running| Hub { running })
    }
}

impl<D: Data> Clone for Hub<D> {
    fn clone(&self) -> Self {
        Self { running: Arc::clone(&self.running) }
    }
}

impl<D: Data> fmt::Debug for Hub<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions = self.running.core.sessions.len();
        f.debug_struct("Hub").field("sessions", &sessions).finish_non_exhaustive()
    }
}

impl<D: Data> fmt::Debug for WeakHub<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakHub").finish_non_exhaustive()
    }
}

/// The most deadlines of each shard that one call of `expire` handles.
const DUE_PER_SHARD: usize = 256;

/// The longest pause between closing two sessions when the server stops.
const CLOSE_STEP: Duration = Duration::from_millis(10);
