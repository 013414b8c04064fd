//! One session of a server, behind its lock.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "metrics")]
use engineio_proto::Traffic;
use engineio_proto::server::{Refusal, Session, Transmit};
use engineio_proto::{
    AnySession, ConnId, Instant, Response, Revision, ServerCloseReason, Sid, Transport,
};

use super::audience::{Audience, Batch, News};
use super::core::Core;
use super::deadlines::Target;
use super::entrance::Slot;
use super::groups::{Memberships, leave_all};
use super::map::Identified;
use crate::data::Data;
use crate::memory::{Change, FREE, Holding, Part, is_about, to_count};
use crate::refused::RequestLine;
use crate::shared::session::{Locked, Shared, Side, Turn};
use crate::sync::MutexGuard;
use crate::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A session of a server.
pub(crate) type ServerSession<D> = Shared<ServerSide<D>>;

/// A turn at such a session.
pub(crate) type ServerTurn<'a, D> = Turn<'a, ServerSide<D>>;

/// The parts of a session that never change.
pub(crate) struct ServerSide<D: Data> {
    pub(crate) sid: Sid,
    pub(crate) revision: Revision,
    /// The application's data.
    pub(crate) data: D,
    pub(crate) core: Arc<Core<ServerSession<D>>>,
    /// Whether its WebSocket may compress messages.
    pub(crate) may_compress: bool,
    /// The application has taken one of the events that it got together.
    pub(crate) has_progressed: AtomicBool,
    /// The handler may not be called, since there is no room for its answers.
    pub(crate) is_blocked: AtomicBool,
    /// What the session and its connections hold.
    pub(crate) holding: Holding,
    /// The client's place among those of its address.
    pub(crate) slot: Slot,
}

/// What the hub keeps beside a session, under the session's lock.
pub(crate) struct State<D: Data> {
    /// The nearest of the deadlines that are in the queue.
    armed: Option<Instant>,
    /// The others, the nearest last. There are rarely any.
    armed_later: Vec<Instant>,
    next_conn: u64,
    pub(crate) overflow: Overflow,
    pub(crate) audience: Audience,
    /// The request of a WebSocket that hasn't taken over yet.
    pub(crate) probe: Option<Box<RequestLine>>,
    /// The transport that the observer was told last.
    transport: Option<Transport>,
    /// The end was seen and reported.
    is_over: bool,
    pub(crate) groups: Memberships<ServerSession<D>>,
}

impl<D: Data> State<D> {
    /// A WebSocket was turned away.
    #[cold]
    fn turned_away(&self, refusal: Refusal) -> Option<Box<(Refusal, Box<RequestLine>)>> {
        self.probe.clone().map(|line| (refusal, line).into())
    }
}

/// What happens to a broadcast message that a session has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The message is dropped.
    #[default]
    Drop,
    /// The session ends as [overloaded](ServerCloseReason::Overloaded).
    Close,
}

/// What is left to do when the lock is released.
pub(crate) struct Rest<D: Data> {
    arm: Option<Instant>,
    /// That deadline can wait for others.
    is_far_off: bool,
    upgraded: Option<Transport>,
    /// A WebSocket was turned away.
    refused: Option<Box<(Refusal, Box<RequestLine>)>>,
    closed: Option<ServerCloseReason>,
    /// The groups of a session that ended.
    groups: Memberships<ServerSession<D>>,
    /// There is news for a consumer of all sessions.
    is_news: bool,
    #[cfg(feature = "metrics")]
    figures: Figures,
}

impl<D: Data> Default for Rest<D> {
    fn default() -> Self {
        Self {
            arm: None,
            is_far_off: false,
            upgraded: None,
            refused: None,
            closed: None,
            groups: Memberships::default(),
            is_news: false,
            #[cfg(feature = "metrics")]
            figures: Figures::default(),
        }
    }
}

impl<D: Data> Rest<D> {
    /// Nothing more will happen to the session.
    #[cold]
    fn note_end(&mut self, session: &Session, state: &mut State<D>) {
        state.is_over = true;
        state.armed = None;
        state.armed_later = Vec::new();
        self.closed = session.close_reason().cloned();
        self.groups = state.groups.take();
    }
}

/// Figures for the observer.
#[cfg(feature = "metrics")]
#[derive(Default)]
struct Figures {
    /// A pong came.
    round_trip: Option<Duration>,
    /// The session ended.
    last: Option<Traffic>,
}

#[cfg(feature = "metrics")]
impl Figures {
    fn tell<S>(self, core: &Core<S>, sid: &Sid) {
        if let Some(round_trip) = self.round_trip {
            core.observer.heartbeat(sid, round_trip);
        }
        if let Some(traffic) = self.last {
            core.sampler.ended(traffic);
        }
    }
}

impl<D: Data> Side for ServerSide<D> {
    type Session = Session;
    type State = State<D>;
    type Rest = Rest<D>;

    fn now(&self) -> Option<Instant> {
        (!self.is_gone()).then(|| self.core.now())
    }

    fn is_gone(&self) -> bool {
        self.core.is_gone()
    }

    fn begin_turn(&self, locked: &mut Locked<Self>, now: Instant) {
        if self.has_progressed.load(Relaxed) {
            self.has_progressed.store(false, Relaxed);
            locked.session.note_progress(now);
        }
        locked.session.handle_timeout(now);
    }

    fn end_turn(&self, locked: &mut Locked<Self>) -> Rest<D> {
        let Locked { session, state, .. } = locked;
        let mut rest = Rest::default();
        if state.audience == Audience::Nobody {
            while session.poll_event().is_some() {}
        }
        let is_blocked = !state.audience.may_tell(session);
        if is_blocked != self.is_blocked.load(Relaxed) {
            self.is_blocked.store(is_blocked, Relaxed);
        }
        rest.is_news = state.audience.claim_news(session);
        if let Some((_, refusal)) = session.poll_turned_away() {
            rest.refused = state.turned_away(refusal);
        }
        if session.probe().is_none() {
            state.probe = None;
        }
        #[cfg(feature = "metrics")]
        {
            rest.figures.round_trip = session.take_round_trip();
        }
        if let Some(at) = session.poll_timeout() {
            let is_covered = state.armed.is_some_and(|nearest| nearest <= at);
            if !is_covered {
                state.armed_later.extend(state.armed.replace(at));
                rest.arm = Some(at);
                rest.is_far_off = at.saturating_since(session.now()) >= FAR_OFF;
            }
            let transport = session.transport();
            if transport != mem::replace(&mut state.transport, transport) {
                rest.upgraded = transport;
            }
        } else if !state.is_over {
            rest.note_end(session, state);
            #[cfg(feature = "metrics")]
            {
                rest.figures.last = Some(session.take_traffic());
            }
        }
        rest
    }

    #[inline]
    fn is_counted(&self, session: &Session) -> bool {
        is_about(self.holding.counted(Part::Queues), held(session))
    }

    #[cold]
    fn count(&self, session: &mut Session) -> Change {
        let before = self.holding.counted(Part::Queues);
        let change = self.holding.shift(Part::Queues, before, to_count(held(session)));
        if session.is_input_held() && !self.holding.is_any() {
            // Its small messages may go on.
            session.hold_input(self.core.now(), false);
        }
        change
    }

    #[inline]
    fn counted(&self, change: Change) {
        self.core.noticed(change);
    }

    #[inline]
    fn finish(shared: &Arc<ServerSession<D>>, rest: Rest<D>) {
        let core = &shared.side.core;
        if let Some(at) = rest.arm {
            shared.side.arm(at, rest.is_far_off);
        }
        if let Some(refused) = rest.refused {
            core.refused(&refused.0, &refused.1);
        }
        if let Some(transport) = rest.upgraded {
            core.observer.upgraded(&shared.side.sid, transport);
        }
        #[cfg(feature = "metrics")]
        rest.figures.tell(core, &shared.side.sid);
        // Before the session leaves the map: the stream of events ends with the last one.
        if rest.is_news && !core.ready.push(shared) {
            shared.detach();
        }
        if let Some(reason) = rest.closed {
            shared.finish_last(Some(&reason), rest.groups);
        }
    }

    fn poisoned(shared: &Arc<ServerSession<D>>, mut locked: MutexGuard<'_, Locked<Self>>) {
        let groups = locked.state.groups.take();
        drop(locked);
        shared.finish_last(None, groups);
    }
}

impl<D: Data> ServerSide<D> {
    /// Queues a deadline, which can wait for others if it is far off.
    #[cold]
    fn arm(&self, at: Instant, is_far_off: bool) {
        let target = Target::Session(self.sid.clone());
        if is_far_off {
            self.core.deadlines.arm_about(&self.sid, at, target);
        } else {
            self.core.deadlines.arm(&self.sid, at, target);
        }
    }

    /// Whether a POST of this length finds no memory while all sessions together hold too much.
    /// Heartbeats always find some, and small messages where the session holds next to nothing.
    pub(crate) fn lacks_memory_for(&self, length: usize) -> bool {
        length > FREE || (length > HEARTBEAT && self.holding.is_any())
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
            armed: None,
            armed_later: Vec::new(),
            probe: None,
            next_conn: FIRST_CONN.0 + 1,
            overflow,
            audience,
            transport: session.transport(),
            is_over: false,
            groups: Memberships::default(),
        };
        Self::new(side, session, state)
    }

    /// Ends the session at once.
    #[cold]
    pub(crate) fn abort(self: &Arc<Self>, reason: ServerCloseReason) {
        self.turn(|turn| turn.session.abort(turn.now, reason));
    }

    /// Does the rest of the session's last turn. `None`: a panic has ended it.
    #[cold]
    fn finish_last(
        self: &Arc<Self>,
        reason: Option<&ServerCloseReason>,
        groups: Memberships<Self>,
    ) {
        self.side.slot.free();
        leave_all(groups, self);
        self.side.core.session_ended(&self.side.sid, self, reason);
    }

    /// Discards the events from now on.
    pub(crate) fn detach(self: &Arc<Self>) {
        self.turn(|turn| turn.state.audience = Audience::Nobody);
    }
}

impl<D: Data> Identified for ServerSession<D> {
    fn sid(&self) -> &Sid {
        &self.side.sid
    }
}

impl<D: Data> ServerTurn<'_, D> {
    /// The number of a new connection.
    pub(crate) const fn new_conn(&mut self) -> ConnId {
        let conn = ConnId(self.state.next_conn);
        self.state.next_conn += 1;
        conn
    }

    /// The answer to a poll or a POST, if it is there.
    pub(crate) fn take_answer(&mut self, conn: ConnId) -> Option<Result<Response, Refusal>> {
        let answer = match self.session.poll_transmit(conn)? {
            Transmit::Respond(response) => Ok(response),
            Transmit::Refuse(refusal) => Err(refusal),
            Transmit::Upgrade(_) | Transmit::Frame(_) | Transmit::Hangup(_) => return None,
        };
        self.waiters.forget_seat(conn);
        Some(answer)
    }

    /// Notes that an armed deadline has come.
    pub(crate) fn deadline(&mut self, at: Instant) {
        if self.state.armed == Some(at) {
            self.state.armed = self.state.armed_later.pop();
        } else {
            self.state.armed_later.retain(|armed| *armed != at);
        }
    }
}

/// What a consumer of all sessions does with one.
impl<D: Data> ServerTurn<'_, D> {
    /// Claims the session for its handler, if it has news and isn't claimed.
    pub(crate) fn claim_for_handler(&mut self) -> bool {
        matches!(self.state.audience, Audience::Handler(_))
            && self.state.audience.claim_news(self.session)
    }

    /// The next news for the handler that has claimed the session, after it gave back what it
    /// wasn't told of. Without any, the claim ends. Returns whether there is news.
    pub(crate) fn next_batch(&mut self, batch: &mut Batch) -> bool {
        if !batch.events.is_empty() {
            self.session.return_events(&mut batch.events);
        }
        batch.is_opened = self.state.audience.announce();
        if self.state.audience.may_tell(self.session) {
            // Without any, it tells the session that the application has handled the last ones.
            batch.first = self.session.poll_event();
            let returns_ring = batch.first.is_none() && batch.events.capacity() > 0;
            if self.session.has_event() || returns_ring {
                self.session.poll_events(&mut batch.events);
            }
        }
        let is_news = batch.is_opened || batch.first.is_some();
        if let Some(told) = self.state.audience.told_mut() {
            told.is_claimed = is_news;
        }
        is_news
    }

    /// The next news for the consumer that has claimed the session. Without any, the claim ends.
    pub(crate) fn next_news(&mut self) -> Option<News> {
        let news = self.state.audience.next_news(self.session);
        if news.is_none() {
            self.release();
        }
        news
    }

    /// Ends the claim. If there is more news, the session is queued again when this turn ends.
    pub(crate) fn release(&mut self) {
        let Some(told) = self.state.audience.told_mut() else { return };
        told.is_claimed = false;
        if !self.session.has_event() {
            // Tells the session that the application has handled the last event.
            self.session.poll_event();
        }
    }
}

/// What waits in the session, in bytes.
#[inline]
fn held(session: &Session) -> usize {
    session.unread_bytes() + session.queued_bytes()
}

/// How far off a deadline must be so that a few milliseconds don't matter, as those of heartbeats
/// do.
const FAR_OFF: Duration = Duration::from_millis(100);

/// More than a POST has that brings a heartbeat.
const HEARTBEAT: usize = 128;

/// The connection of the handshake.
pub(crate) const FIRST_CONN: ConnId = ConnId(0);
