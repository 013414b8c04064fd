//! The hub: all sessions of a server. How it takes requests is in [`requests`](super::requests).

use std::fmt;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use engineio_proto::{Instant, ServerCloseReason, ServerConfig, Sid};

use super::core::Core;
use super::deadlines::Target;
use super::handler::{carry, tell};
use super::incoming::Incoming;
use super::reception::Pickup;
use super::running::Running;
use super::sender::Sender;
use super::sessions::Sessions;
use crate::clock::Clock;
use crate::cluster::Bus;
use crate::data::Data;
use crate::observer::Observer;
use crate::shared::session::Pace;

/// All sessions of one server, and the entry point for requests. Clones are cheap and mean the same
/// server.
///
/// A binding passes every request to [`admit`](Self::admit), serves the [`Seat`](crate::Seat) that
/// it gets, and runs one task or thread that calls [`expire`](Self::expire) in a loop. The rest is
/// for the application.
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

    /// Runs all deadlines that are due, and returns the time of the next call: sleep until then, or
    /// until `cx`'s waker is woken. `None`: sleep until woken. It may be up to 10 ms after
    /// the first deadline of a session, so that pings leave together.
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
                Target::Alarm(alarm) => {
                    alarm.upgrade().into_iter().for_each(|alarm| alarm.ring());
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
    /// In a cluster, polls and WebSockets of other nodes' sessions that pass through this one
    /// [leave](crate::Forward::poll_leave) it in the same time.
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
        let mut at = core.now();
        let guests = self.running.elsewhere.passing.close(at, within);
        let count = (core.sessions.len() + guests.len()).max(1);
        let step = (within / 2 / u32::try_from(count).unwrap_or(u32::MAX)).min(most);
        for session in core.sessions.iter() {
            let sid = &session.side.sid;
            core.deadlines.arm(sid, at, Target::Shutdown(sid.clone()));
            at = at + step;
        }
        for guest in guests {
            // Not at once, so that a poll that has just been sent on is there before.
            at = at + step;
            core.deadlines.arm_anywhere(at, Target::Alarm(guest));
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

    /// Waits until no request or WebSocket of another node's session passes through this server, so
    /// that it can close at no cost to those sessions.
    pub fn poll_forwarded(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.running.core.wait_for_end(cx.waker());
        if self.forwards() > 0 { Poll::Pending } else { Poll::Ready(()) }
    }
}

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
