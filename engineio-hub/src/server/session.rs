//! One session of a server, behind its lock.

use std::mem;
use std::sync::Arc;

use engineio_proto::server::{Event, Session};
use engineio_proto::{ConnId, Instant, Revision, ServerCloseReason, Sid, Transport};

use super::core::Core;
use super::deadlines::Target;
use crate::data::Data;
use crate::shared::session::{Locked, Shared, Side, Turn};

/// A session of a server.
pub(crate) type ServerSession<D> = Shared<ServerSide<D>>;

/// A turn at it.
pub(crate) type ServerTurn<'a, D> = Turn<'a, ServerSide<D>>;

/// What never changes about a session.
pub(crate) struct ServerSide<D: Data> {
    pub(crate) sid: Sid,
    pub(crate) revision: Revision,
    /// The application's own.
    pub(crate) data: D,
    pub(crate) core: Arc<Core<ServerSession<D>>>,
}

/// What the hub keeps beside a session, under its lock.
pub(crate) struct State {
    /// Deadlines that stand in the queue, the nearest last.
    armed: Vec<Instant>,
    next_conn: u64,
    pub(crate) overflow: Overflow,
    pub(crate) audience: Audience,
    /// The transport that the observer knows of.
    transport: Option<Transport>,
    /// The end was seen and told.
    is_over: bool,
}

/// What happens to a broadcast message that a session has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The session misses it.
    #[default]
    Drop,
    /// The session ends as [overloaded](ServerCloseReason::Overloaded).
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
    Events(Told),
    /// The server's handler, called by whoever carries a connection of the session.
    Handler(Told),
}

/// How much a consumer of all sessions knows of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The opening was told.
    is_announced: bool,
    /// Somebody has the session in hand, or it stands in the queue of those that have something
    /// to tell.
    is_claimed: bool,
}

/// What a consumer of all sessions is told of one.
pub(crate) enum News {
    Opened,
    Event(Event),
}

/// What is left to do when the lock is gone.
#[derive(Default)]
pub(crate) struct Rest {
    arm: Option<Instant>,
    upgraded: Option<Transport>,
    closed: Option<ServerCloseReason>,
    /// A consumer of all sessions has to be told something.
    is_news: bool,
}

impl<D: Data> Side for ServerSide<D> {
    type Session = Session;
    type State = State;
    type Rest = Rest;

    fn now(&self) -> Option<Instant> {
        (!self.core.is_gone()).then(|| self.core.now())
    }

    fn end_turn(&self, locked: &mut Locked<Self>) -> Rest {
        let Locked { session, state, .. } = locked;
        let mut rest = Rest::default();
        if state.audience == Audience::Nobody {
            while session.poll_event().is_some() {}
        }
        rest.is_news = state.audience.claim_news(session);
        if let Some(at) = session.poll_timeout() {
            let is_covered = state.armed.last().is_some_and(|nearest| *nearest <= at);
            if !is_covered {
                state.armed.push(at);
                rest.arm = Some(at);
            }
            let transport = session.transport();
            if transport != mem::replace(&mut state.transport, transport) {
                rest.upgraded = transport;
            }
        } else if !mem::replace(&mut state.is_over, true) {
            rest.closed = session.close_reason().cloned();
            state.armed = Vec::new();
        }
        rest
    }

    fn finish(shared: &Arc<ServerSession<D>>, rest: Rest) {
        let Self { sid, core, .. } = &shared.side;
        if let Some(at) = rest.arm {
            core.deadlines.arm(sid, at, Target::Session(sid.clone()));
        }
        if let Some(transport) = rest.upgraded {
            core.observer.upgraded(sid, transport);
        }
        // Before the session leaves the map: the stream of events ends with the last one.
        if rest.is_news && !core.ready.push(shared) {
            shared.detach();
        }
        if let Some(reason) = rest.closed {
            core.session_ended(sid, shared, Some(&reason));
        }
    }

    fn poisoned(shared: &Arc<ServerSession<D>>) {
        shared.side.core.session_ended(&shared.side.sid, shared, None);
    }
}

impl<D: Data> ServerSession<D> {
    pub(crate) fn open(
        side: ServerSide<D>,
        session: Session,
        overflow: Overflow,
        audience: Audience,
    ) -> Arc<Self> {
        let state = State {
            armed: Vec::new(),
            next_conn: FIRST_CONN.0 + 1,
            overflow,
            audience,
            transport: session.transport(),
            is_over: false,
        };
        Self::new(side, session, state)
    }

    /// Ends the session at once.
    pub(crate) fn abort(self: &Arc<Self>, reason: ServerCloseReason) {
        self.turn(|turn| turn.session.abort(turn.now, reason));
    }

    /// Nobody takes the events any more.
    pub(crate) fn detach(self: &Arc<Self>) {
        self.turn(|turn| turn.state.audience = Audience::Nobody);
    }
}

impl<D: Data> ServerTurn<'_, D> {
    /// The number of a new connection.
    pub(crate) const fn new_conn(&mut self) -> ConnId {
        let conn = ConnId(self.state.next_conn);
        self.state.next_conn += 1;
        conn
    }

    /// A deadline that was armed for this time has come.
    pub(crate) fn deadline(&mut self, at: Instant) {
        self.state.armed.retain(|armed| *armed != at);
    }

    /// Claims the session for its handler, if it has something for it and nobody has claimed it.
    pub(crate) fn claim_for_handler(&mut self) -> bool {
        matches!(self.state.audience, Audience::Handler(_))
            && self.state.audience.claim_news(self.session)
    }

    /// What the consumer that has claimed the session is told next. Without anything the claim
    /// ends, and others may have it.
    pub(crate) fn next_news(&mut self) -> Option<News> {
        let news = self.state.audience.next_news(self.session);
        if news.is_none() {
            self.release();
        }
        news
    }

    /// Ends the claim. With more to tell, the session is put into the queue again when this turn
    /// ends.
    pub(crate) fn release(&mut self) {
        let Some(told) = self.state.audience.told_mut() else { return };
        told.is_claimed = false;
        if !self.session.has_event() {
            // The application has dealt with the last one.
            self.session.poll_event();
        }
    }
}

impl Audience {
    const fn told_mut(&mut self) -> Option<&mut Told> {
        match self {
            Self::Events(told) | Self::Handler(told) => Some(told),
            Self::Socket | Self::Nobody => None,
        }
    }

    /// Whether this session has something to tell that nobody has claimed. It is claimed then.
    fn claim_news(&mut self, session: &Session) -> bool {
        let may_tell = self.may_tell(session);
        let Some(told) = self.told_mut() else { return false };
        let is_news = !told.is_claimed && (!told.is_announced || (may_tell && session.has_event()));
        told.is_claimed |= is_news;
        is_news
    }

    fn next_news(&mut self, session: &mut Session) -> Option<News> {
        let may_tell = self.may_tell(session);
        let told = self.told_mut()?;
        if !mem::replace(&mut told.is_announced, true) {
            return Some(News::Opened);
        }
        if may_tell { session.poll_event().map(News::Event) } else { None }
    }

    /// A handler isn't called while its answers would find no room.
    fn may_tell(&self, session: &Session) -> bool {
        !matches!(self, Self::Handler(_)) || session.is_writable() || session.is_closing()
    }
}

/// The connection of the handshake.
pub(crate) const FIRST_CONN: ConnId = ConnId(0);
