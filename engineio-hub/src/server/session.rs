//! One session behind its lock, and the turns that are taken at it.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::Waker;

use engineio_proto::ConnId;
use engineio_proto::server::{Event, Session};
use engineio_proto::{Instant, ServerCloseReason, Sid, Transport};

use crate::server::deadlines::Target;
use crate::server::hub::Hub;
use crate::server::map::shard_of;
use crate::shared::line::{Line, Turned};
use crate::shared::waiters::{Awake, Waiters};

/// A session that several tasks share.
pub(crate) struct Cell<D: Send + Sync + 'static> {
    sid: Sid,
    /// The application's own; never under the lock.
    pub(crate) data: D,
    hub: Weak<Hub<D>>,
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    pub(crate) session: Session,
    pub(crate) waiters: Waiters,
    /// Deadlines that stand in the queue, the nearest last.
    armed: Vec<Instant>,
    next_conn: u64,
    /// What becomes of messages that the session has no room for.
    pub(crate) overflow: Overflow,
    /// Who takes the events.
    pub(crate) audience: Audience,
    /// The end was seen and told.
    is_over: bool,
}

/// What becomes of a broadcast message that a session has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The session misses it.
    #[default]
    Drop,
    /// The session ends as [overloaded](engineio_proto::ServerCloseReason::Overloaded).
    Close,
}

/// Who takes a session's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The `Socket` of this session.
    Socket,
    /// Nobody: they are thrown away.
    Nobody,
    /// The server's one stream of events.
    Events {
        /// The opening was told.
        is_announced: bool,
        /// The session stands in the queue of those that have something to tell.
        is_listed: bool,
    },
}

impl Audience {
    /// The server's stream, which hasn't heard of the session yet.
    pub(crate) const EVENTS: Self = Self::Events { is_announced: false, is_listed: false };
}

impl<D: Send + Sync + 'static> Cell<D> {
    pub(crate) fn new(
        hub: &Arc<Hub<D>>,
        session: Session,
        data: D,
        overflow: Overflow,
        audience: Audience,
    ) -> Arc<Self> {
        Arc::new(Self {
            sid: session.sid().clone(),
            data,
            hub: Arc::downgrade(hub),
            inner: Mutex::new(Inner {
                session,
                waiters: Waiters::default(),
                armed: Vec::new(),
                next_conn: FIRST_CONN.0 + 1,
                overflow,
                audience,
                is_over: false,
            }),
        })
    }

    pub(crate) const fn sid(&self) -> &Sid {
        &self.sid
    }

    /// The server is gone: whoever waits can stop.
    pub(crate) fn wake_all(&self) {
        let mut awake = Awake::default();
        if let Ok(mut inner) = self.inner.lock() {
            inner.waiters.take_all(&mut awake);
        }
        awake.wake();
    }

    /// Looks at the session without changing it. `None`: the lock is poisoned, and
    /// the session counts as closed.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Session) -> R) -> Option<R> {
        Some(look(&self.inner.lock().ok()?.session))
    }
}

impl<D: Send + Sync + 'static> Cell<D> {
    /// Locks the session for one turn. `None`: as in [`look`](Self::look), or the
    /// server is gone.
    pub(crate) fn turn(self: &Arc<Self>) -> Option<Turn<'_, D>> {
        let hub = self.hub.upgrade()?;
        let now = hub.now();
        let Ok(mut inner) = self.inner.lock() else {
            hub.session_failed(self);
            return None;
        };
        inner.session.handle_timeout(now);
        let was = inner.session.transport();
        Some(Turn { cell: self, hub, now, was, inner: Some(inner) })
    }

    /// Ends the session at once.
    pub(crate) fn abort(self: &Arc<Self>, reason: ServerCloseReason) {
        if let Some(mut turn) = self.turn() {
            let now = turn.now;
            turn.session.abort(now, reason);
        }
    }

    /// Nobody takes the events any more.
    pub(crate) fn detach(self: &Arc<Self>) {
        if let Some(mut turn) = self.turn() {
            turn.audience = Audience::Nobody;
        }
    }

    /// A deadline that was armed for `at` has come.
    pub(crate) fn deadline(self: &Arc<Self>, at: Instant) {
        if let Some(mut turn) = self.turn() {
            turn.armed.retain(|armed| *armed != at);
        }
    }
}

impl Inner {
    /// The number of a new connection.
    pub(crate) const fn new_conn(&mut self) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        conn
    }
}

/// The connection of the handshake.
pub(crate) const FIRST_CONN: ConnId = ConnId(0);

/// The session, locked. What the turn makes possible for others happens when it
/// ends, after the lock is gone: wake-ups, deadlines, the leaving of the map.
pub(crate) struct Turn<'a, D: Send + Sync + 'static> {
    cell: &'a Arc<Cell<D>>,
    hub: Arc<Hub<D>>,
    pub(crate) now: Instant,
    /// The transport when the turn began.
    was: Option<Transport>,
    /// Some until the turn ends.
    inner: Option<MutexGuard<'a, Inner>>,
}

impl<D: Send + Sync + 'static> Drop for Turn<'_, D> {
    fn drop(&mut self) {
        let Some(mut inner) = self.inner.take() else { return };
        let end = inner.end_turn(self.was);
        drop(inner);
        self.act(end);
    }
}

/// What is left to do when the lock is gone.
#[derive(Default)]
struct End {
    awake: Awake,
    arm: Option<Instant>,
    upgraded: Option<Transport>,
    closed: Option<ServerCloseReason>,
    /// Events for the server's stream.
    is_news: bool,
}

impl Inner {
    fn end_turn(&mut self, was: Option<Transport>) -> End {
        let mut end = End::default();
        if self.audience == Audience::Nobody {
            while self.session.poll_event().is_some() {}
        }
        let Self { session, waiters, .. } = self;
        waiters.take_ready(session, &mut end.awake);
        if let Audience::Events { is_listed, is_announced } = &mut self.audience {
            end.is_news = !*is_listed && (session.has_event() || !*is_announced);
            *is_listed |= end.is_news;
        }
        if let Some(at) = session.poll_timeout() {
            let is_covered = self.armed.last().is_some_and(|nearest| *nearest <= at);
            if !is_covered {
                self.armed.push(at);
                end.arm = Some(at);
            }
            if was == Some(Transport::Polling) {
                end.upgraded = session.transport().filter(|it| *it != Transport::Polling);
            }
        } else if !mem::replace(&mut self.is_over, true) {
            end.closed = session.close_reason().cloned();
            self.armed = Vec::new();
        }
        end
    }
}

impl<D: Send + Sync + 'static> Turn<'_, D> {
    fn act(&self, end: End) {
        let sid = self.cell.sid();
        if let Some(at) = end.arm {
            self.hub.deadlines.arm(shard_of(sid.as_str()), at, Target::Session(sid.clone()));
        }
        if let Some(transport) = end.upgraded {
            self.hub.observer.upgraded(sid, transport);
        }
        // Before the session leaves the map: the stream of events ends with the last one.
        if end.is_news && !self.hub.events.push(self.cell) {
            self.cell.detach();
        }
        if let Some(reason) = end.closed {
            self.hub.session_closed(self.cell, &reason);
        }
        end.awake.wake();
    }

    /// The next event for the application; waits for one if there is none.
    pub(crate) fn poll_event(&mut self, waker: &Waker) -> Option<Event> {
        let event = self.session.poll_event();
        if event.is_none() {
            self.waiters.reader(waker);
        }
        event
    }
}

impl<D: Send + Sync + 'static> Line for Arc<Cell<D>> {
    type End = Session;

    fn with<R>(&self, act: impl FnOnce(Turned<'_, Session>) -> R) -> Option<R> {
        let mut turn = self.turn()?;
        let now = turn.now;
        let Inner { session, waiters, .. } = &mut *turn;
        Some(act(Turned { now, session, waiters }))
    }
}

impl<D: Send + Sync + 'static> Deref for Turn<'_, D> {
    type Target = Inner;

    #[expect(clippy::expect_used, reason = "`inner` is taken only by `drop`")]
    fn deref(&self) -> &Inner {
        self.inner.as_deref().expect("the turn goes on")
    }
}

impl<D: Send + Sync + 'static> DerefMut for Turn<'_, D> {
    #[expect(clippy::expect_used, reason = "`inner` is taken only by `drop`")]
    fn deref_mut(&mut self) -> &mut Inner {
        self.inner.as_deref_mut().expect("the turn goes on")
    }
}
