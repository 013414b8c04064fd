//! The hub: all sessions of a server, and where requests come in.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use engineio_proto::server::{Exchange, Input, Kind, Opening, Refusal, Route, route};
use engineio_proto::{Instant, ServerCloseReason, ServerConfig, Sid, Transport};
use http::request::Parts;

use crate::clock::Clock;
use crate::http_map;
use crate::observer::{Guarded, Observer};
use crate::server::deadlines::{Deadlines, Target};
use crate::server::events::EventQueue;
use crate::server::incoming::Incoming;
use crate::server::map::{Map, shard_of};
use crate::server::reception::Reception;
use crate::server::seat::Seat;
use crate::server::session::Cell;
use crate::server::sessions::Sessions;

/// All sessions of one server, and the way in for requests.
///
/// A binding gives every request to [`admit`](Self::admit), serves the [`Seat`] it
/// gets, and runs one task or thread that lives by [`expire`](Self::expire). The
/// rest are handles for the application.
///
/// `D` is what the application keeps with each session.
pub struct Hub<D: Send + Sync + 'static = ()> {
    clock: Box<dyn Clock>,
    pub(crate) observer: Guarded,
    sessions: Sessions<D>,
    pub(crate) deadlines: Deadlines,
    pub(crate) reception: Reception<D>,
    pub(crate) events: EventQueue<D>,
    is_driven: AtomicBool,
    is_closing: AtomicBool,
    /// WebSockets that are open, those of ended sessions among them.
    pub(crate) websockets: AtomicUsize,
}

impl<D: Send + Sync + 'static> std::fmt::Debug for Hub<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("sessions", &self.len()).finish_non_exhaustive()
    }
}

impl<D: Send + Sync + 'static> Hub<D> {
    /// A hub with no sessions. The observer `()` listens to nothing.
    pub fn new(config: ServerConfig, clock: impl Clock, observer: Box<dyn Observer>) -> Arc<Self> {
        Arc::new(Self {
            clock: Box::new(clock),
            observer: Guarded(observer),
            sessions: Sessions::new(config),
            deadlines: Deadlines::new(),
            reception: Reception::new(),
            events: EventQueue::new(),
            is_driven: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            websockets: AtomicUsize::new(0),
        })
    }

    /// All sessions, by their names.
    pub(crate) const fn map(&self) -> &Map<D> {
        self.sessions.map()
    }

    /// The time by the hub's clock.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Takes a request in. `None`: it isn't for this server, its path is another one.
    ///
    /// Give the peer's address along as a [`RemoteAddr`](crate::RemoteAddr) among the
    /// request's extensions, if handlers shall see it.
    pub fn admit(self: &Arc<Self>, request: &Parts) -> Option<Seat<D>> {
        let plain = http_map::request(self.config(), request);
        let seat = match route(self.config(), &plain) {
            Route::Foreign => return None,
            Route::Answer(response) => Seat::answered(self, response),
            Route::Refuse(refusal) => self.turn_away(refusal),
            Route::Open(opening) => self.admit_handshake(opening, request),
            Route::Session { sid, exchange } => self.admit_exchange(&sid, exchange, request),
        };
        let is_post = request.method == http::Method::POST;
        Some(seat.with_body(is_post.then(|| self.config().max_payload())))
    }

    fn admit_exchange(self: &Arc<Self>, sid: &str, exchange: Exchange, parts: &Parts) -> Seat<D> {
        let Some(cell) = self.map().get(sid) else {
            return self.turn_away(exchange.unknown_session());
        };
        let accept = match exchange.kind() {
            Kind::Framed(_) => match http_map::websocket_accept(parts) {
                Some(accept) => Some(accept),
                None => return self.turn_away(exchange.broken_websocket()),
            },
            Kind::Poll | Kind::Post => None,
        };
        let Some(mut turn) = cell.turn() else {
            return self.turn_away(exchange.unknown_session());
        };
        let conn = turn.new_conn();
        let now = turn.now;
        turn.session.handle_input(now, Input::Request(conn, exchange));
        drop(turn);
        Seat::seated(self, cell, conn, accept)
    }

    fn admit_handshake(self: &Arc<Self>, opening: Opening, parts: &Parts) -> Seat<D> {
        let accept = if opening.transport() == Transport::WebSocket {
            match http_map::websocket_accept(parts) {
                Some(accept) => Some(accept),
                None => return self.turn_away(opening.broken_websocket()),
            }
        } else {
            None
        };
        let is_full = self.len() + self.reception.waiting() >= self.config().max_sessions()
            || self.reception.waiting() >= self.config().max_waiting();
        if is_full || self.is_closing.load(Relaxed) {
            return self.turn_away(opening.overloaded(RETRY_AFTER.as_secs()));
        }
        let waiting = self.reception.receive(self, opening, parts);
        let target = Target::Other(waiting.as_expire());
        let at = self.now() + self.config().accept_timeout();
        self.deadlines.arm(0, at, target);
        Seat::waiting(self, waiting, accept)
    }

    pub(crate) fn turn_away(self: &Arc<Self>, refusal: Refusal) -> Seat<D> {
        self.observer.refused(&refusal);
        Seat::answered(self, refusal.response())
    }

    /// The hub, once, for the task that is to let time pass in it. A binding that starts one
    /// when there is something to do asks at each request.
    pub fn undriven(self: &Arc<Self>) -> Option<Weak<Self>> {
        let is_first = !self.is_driven.load(Relaxed) && !self.is_driven.swap(true, Relaxed);
        is_first.then(|| Arc::downgrade(self))
    }

    /// Lets time pass for everything that is due, and gives the time of the next
    /// call: sleep until then, or until `cx`'s waker is woken. `None`: sleep until woken.
    ///
    /// One task or thread of a server calls it, from the first request on, and should
    /// hold the hub weakly: a hub that goes away wakes it. A call looks at 4,096 deadlines
    /// at most; with more of them due, the next time is in the past.
    pub fn expire(self: &Arc<Self>, cx: &mut Context<'_>) -> Option<Instant> {
        let now = self.now();
        for (at, target) in self.deadlines.take_due(now, DUE_PER_SHARD) {
            match target {
                Target::Session(sid) => {
                    if let Some(cell) = self.map().get(sid.as_str()) {
                        cell.deadline(at);
                    }
                }
                Target::Shutdown(sid) => self.with_session(&sid, |turn| {
                    let now = turn.now;
                    turn.session.shutdown(now);
                }),
                Target::Other(other) => {
                    if let Some(other) = other.upgrade() {
                        other.expire(now);
                    }
                }
            }
        }
        self.deadlines.sleep(cx.waker())
    }

    /// The next client that asks for a session; `None` when there will be none: the
    /// server has closed, or is consumed by [`events`](Self::events).
    pub fn poll_incoming(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming<D>>> {
        let next = self.reception.poll_incoming(self, cx);
        if matches!(next, Poll::Ready(None)) && !self.is_closing() {
            self.observer.misused("accept() or incoming() after events(): it has no clients");
        }
        next
    }

    /// Closes all sessions, and refuses handshakes from now on with 503.
    ///
    /// The sessions are closed one after the other, so that their clients don't come
    /// back all at once, and all of them within half of `within`; what is left at its
    /// end is cut off. [`poll_closed`](Self::poll_closed) tells when it is done.
    pub fn close(self: &Arc<Self>, within: Duration) {
        if self.is_closing.swap(true, Relaxed) {
            return;
        }
        self.reception.close();
        self.events.wake();
        let now = self.now();
        let count = u32::try_from(self.len().max(1)).unwrap_or(u32::MAX);
        let step = (within / 2 / count).min(CLOSE_STEP);
        let mut at = now;
        self.map().for_each(|cell| {
            let shard = shard_of(cell.sid().as_str());
            self.deadlines.arm(shard, at, Target::Shutdown(cell.sid().clone()));
            at = at + step;
        });
    }

    /// Ends all sessions at once: the rest of [`close`](Self::close).
    pub fn abort(&self) {
        self.map().for_each(|cell| cell.abort(ServerCloseReason::Shutdown));
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Relaxed)
    }

    /// Ready when no session is left and the WebSockets of all have ended. One task at a
    /// time may wait for it.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.reception.wait_for_end(cx.waker());
        if self.is_empty() && self.websockets.load(Relaxed) == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// A session has ended: it leaves the map.
    pub(crate) fn session_closed(&self, cell: &Arc<Cell<D>>, reason: &ServerCloseReason) {
        self.map().remove(cell);
        self.observer.closed(cell.sid(), reason);
        self.reception.note_end();
        if self.is_closing() {
            self.events.wake();
        }
    }

    /// A panic has left a session in the middle of a change: it counts as ended.
    pub(crate) fn session_failed(&self, cell: &Arc<Cell<D>>) {
        self.map().remove(cell);
        self.reception.note_end();
        if self.is_closing() {
            self.events.wake();
        }
    }

    fn with_session(&self, sid: &Sid, act: impl FnOnce(&mut crate::server::session::Turn<'_, D>)) {
        let cell = self.map().get(sid.as_str());
        if let Some(mut turn) = cell.as_ref().and_then(Cell::turn) {
            act(&mut turn);
        }
    }
}

/// What is said to sessions by their names, or to all of them.
impl<D: Send + Sync + 'static> Deref for Hub<D> {
    type Target = Sessions<D>;

    fn deref(&self) -> &Sessions<D> {
        &self.sessions
    }
}

/// Whoever waits for something to come can stop.
impl<D: Send + Sync + 'static> Drop for Hub<D> {
    fn drop(&mut self) {
        self.deadlines.wake();
        self.map().for_each(|cell| cell.wake_all());
    }
}

/// What `Retry-After` says to handshakes that found no room.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The most that one call of `expire` does for each shard.
const DUE_PER_SHARD: usize = 256;

/// The longest time between two sessions that are closed because the server stops.
const CLOSE_STEP: Duration = Duration::from_millis(10);
