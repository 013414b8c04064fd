//! One handshake that waits for a decision.

use std::mem;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio_proto::server::{Opening, Refusal, Unavailable};
use engineio_proto::{Instant, Response};

use super::core::Core;
use super::deadlines::Expire;
use super::entrance::Slot;
use super::handshake::MayCompress;
use super::login::LoggingIn;
use super::session::ServerSession;
use crate::data::Data;
use crate::sync::{Mutex, MutexGuard};

/// A handshake, shared by its seat, where the client waits, and its `Incoming`, where the
/// application decides.
pub(crate) struct PendingHandshake<D: Data> {
    core: Arc<Core<ServerSession<D>>>,
    since: Instant,
    may_compress: MayCompress,
    /// Until there is a session, which takes it over.
    slot: Slot,
    stage: Mutex<Stage<D>>,
}

enum Stage<D: Data> {
    /// There is no decision yet.
    Undecided {
        opening: Box<Opening>,
        seat: Option<Waker>,
        /// The login that decides, until the seat takes it.
        login: Option<LoggingIn>,
    },
    /// The application has taken the opening and makes a session of it.
    Deciding {
        seat: Option<Waker>,
    },
    Accepted(Arc<ServerSession<D>>, FirstAnswer),
    Refused(Box<Refusal>),
    /// The seat has taken the outcome, or the client has left.
    Gone,
}

/// The outcome, for the seat.
pub(crate) enum Outcome<D: Data> {
    Accepted(Arc<ServerSession<D>>, FirstAnswer),
    Refused(Refusal),
}

/// The answer to a handshake over polling, which is there as soon as the session is open.
pub(crate) type FirstAnswer = Option<Response>;

/// What a client that leaves leaves behind.
pub(crate) enum Left<D: Data> {
    /// The session that was made for it already.
    Session(Arc<ServerSession<D>>),
    /// Nothing. If it has waited for a while, this is the refusal that it didn't wait for.
    Undecided(Option<Refusal>),
}

impl<D: Data> PendingHandshake<D> {
    /// A handshake. It counts as waiting until it is decided.
    pub(crate) fn new(
        core: &Arc<Core<ServerSession<D>>>,
        opening: Opening,
        may_compress: MayCompress,
        slot: Slot,
        since: Instant,
    ) -> Arc<Self> {
        core.waiting.fetch_add(1, Relaxed);
        let stage = Stage::Undecided { opening: Box::new(opening), seat: None, login: None };
        let core = Arc::clone(core);
        Arc::new(Self { core, since, may_compress, slot, stage: Mutex::new(stage) })
    }

    /// Whether the session's WebSocket may compress messages, as far as the application has decided.
    pub(crate) fn may_compress(&self) -> bool {
        self.may_compress.get()
    }

    /// The client's place among those of its address, for its session.
    pub(crate) fn take_slot(&self) -> Slot {
        self.slot.hand_over()
    }

    pub(crate) fn as_expire(self: &Arc<Self>) -> Weak<dyn Expire> {
        let expire: Arc<dyn Expire> = Arc::clone(self) as _;
        Arc::downgrade(&expire)
    }

    /// Whether it is decided, or the client has left.
    pub(crate) fn is_decided(&self) -> bool {
        !matches!(*self.lock(), Stage::Undecided { .. })
    }

    /// Makes the seat poll this login.
    pub(crate) fn set_login(&self, login: LoggingIn) {
        let mut stage = self.lock();
        let Stage::Undecided { seat, login: place, .. } = &mut *stage else { return };
        *place = Some(login);
        let seat = seat.take();
        drop(stage);
        seat.into_iter().for_each(Waker::wake);
    }

    /// Takes the login, for the seat to poll.
    pub(crate) fn take_login(&self) -> Option<LoggingIn> {
        match &mut *self.lock() {
            Stage::Undecided { login, .. } => login.take(),
            Stage::Deciding { .. } | Stage::Accepted(..) | Stage::Refused(_) | Stage::Gone => None,
        }
    }

    /// Waits for the outcome, for the seat.
    pub(crate) fn poll_outcome(&self, cx: &Context<'_>) -> Poll<Outcome<D>> {
        let mut stage = self.lock();
        match &mut *stage {
            Stage::Undecided { seat, .. } | Stage::Deciding { seat } => {
                let displaced = seat.replace(cx.waker().clone());
                drop(stage);
                drop(displaced);
                return Poll::Pending;
            }
            Stage::Gone => return Poll::Pending,
            Stage::Accepted(..) | Stage::Refused(_) => {}
        }
        match mem::replace(&mut *stage, Stage::Gone) {
            Stage::Accepted(session, answer) => Poll::Ready(Outcome::Accepted(session, answer)),
            Stage::Refused(refusal) => Poll::Ready(Outcome::Refused(*refusal)),
            Stage::Undecided { .. } | Stage::Deciding { .. } | Stage::Gone => Poll::Pending,
        }
    }

    /// Notes that the client has left.
    pub(crate) fn leave(&self) -> Left<D> {
        let left = mem::replace(&mut *self.lock(), Stage::Gone);
        self.slot.free();
        match left {
            Stage::Accepted(session, _) => Left::Session(session),
            Stage::Undecided { opening, .. } => {
                self.count_down();
                let has_waited = self.core.now() >= self.since + PATIENCE;
                let refuse =
                    || opening.unavailable(Unavailable::NotAccepted, RETRY_AFTER.as_secs());
                Left::Undecided(has_waited.then(refuse))
            }
            Stage::Deciding { .. } | Stage::Refused(_) | Stage::Gone => Left::Undecided(None),
        }
    }

    /// Takes the opening to decide about it. `None` if the client has left or there is a decision
    /// already.
    pub(crate) fn take_opening(&self) -> Option<Opening> {
        let mut stage = self.lock();
        match mem::replace(&mut *stage, Stage::Gone) {
            Stage::Undecided { opening, seat, .. } => {
                *stage = Stage::Deciding { seat };
                // Under the lock: if the client leaves now, its place is free at once.
                self.count_down();
                drop(stage);
                Some(*opening)
            }
            decided @ (Stage::Deciding { .. }
            | Stage::Accepted(..)
            | Stage::Refused(_)
            | Stage::Gone) => {
                *stage = decided;
                None
            }
        }
    }

    /// Accepts with this session. Returns whether the client is still there.
    pub(crate) fn accept(&self, session: &Arc<ServerSession<D>>, answer: FirstAnswer) -> bool {
        self.decide(Stage::Accepted(Arc::clone(session), answer))
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.slot.free();
        self.decide(Stage::Refused(Box::new(refusal)));
    }

    /// Refuses for this reason, unless there is a decision already.
    pub(crate) fn turn_away(&self, why: Unavailable) {
        if let Some(opening) = self.take_opening() {
            self.refuse(opening.unavailable(why, RETRY_AFTER.as_secs()));
        }
    }

    /// Sets the decision. Returns whether the client is still there.
    fn decide(&self, decision: Stage<D>) -> bool {
        let mut stage = self.lock();
        let Stage::Deciding { seat } = &mut *stage else { return false };
        let seat = seat.take();
        *stage = decision;
        drop(stage);
        seat.into_iter().for_each(Waker::wake);
        true
    }

    fn count_down(&self) {
        self.core.waiting.fetch_sub(1, Relaxed);
    }

    /// Nothing under this lock can panic.
    fn lock(&self) -> MutexGuard<'_, Stage<D>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Data> Expire for PendingHandshake<D> {
    fn expire(&self) {
        self.turn_away(Unavailable::NotAccepted);
    }
}

/// The `Retry-After` for handshakes that found no room.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How long a client waits before it counts as not accepted when it leaves. Some clients give up
/// before [`accept_timeout`](engineio_proto::ServerConfig::accept_timeout).
const PATIENCE: Duration = Duration::from_secs(2);
