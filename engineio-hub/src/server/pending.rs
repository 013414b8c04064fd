//! One handshake that waits for a decision.

use std::mem;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio_proto::server::{Opening, Refusal};

use super::core::Core;
use super::deadlines::Expire;
use super::login::LoggingIn;
use super::session::ServerSession;
use crate::data::Data;

/// A handshake between its seat, where the client waits, and its `Incoming`, where
/// the application decides.
pub(crate) struct PendingHandshake<D: Data> {
    core: Arc<Core<ServerSession<D>>>,
    stage: Mutex<Stage<D>>,
}

enum Stage<D: Data> {
    /// Nobody has decided yet.
    Undecided {
        opening: Box<Opening>,
        seat: Option<Waker>,
        /// The login that decides, until the seat takes it.
        login: Option<LoggingIn>,
    },
    /// The application took the opening and makes a session of it.
    Deciding {
        seat: Option<Waker>,
    },
    Accepted(Arc<ServerSession<D>>),
    Refused(Box<Refusal>),
    /// The seat knows the outcome, or the client left.
    Gone,
}

/// What the client's side finds.
pub(crate) enum Outcome<D: Data> {
    Accepted(Arc<ServerSession<D>>),
    Refused(Refusal),
}

impl<D: Data> PendingHandshake<D> {
    /// A handshake that counts as waiting until it is decided.
    pub(crate) fn new(core: &Arc<Core<ServerSession<D>>>, opening: Opening) -> Arc<Self> {
        core.waiting.fetch_add(1, Relaxed);
        let stage = Stage::Undecided { opening: Box::new(opening), seat: None, login: None };
        Arc::new(Self { core: Arc::clone(core), stage: Mutex::new(stage) })
    }

    pub(crate) fn as_expire(self: &Arc<Self>) -> Weak<dyn Expire> {
        let expire: Arc<dyn Expire> = Arc::clone(self) as _;
        Arc::downgrade(&expire)
    }

    /// Whether there is nothing to decide any more.
    pub(crate) fn is_decided(&self) -> bool {
        !matches!(*self.lock(), Stage::Undecided { .. })
    }

    /// Has the seat poll this login.
    pub(crate) fn set_login(&self, login: LoggingIn) {
        let mut stage = self.lock();
        let Stage::Undecided { seat, login: place, .. } = &mut *stage else { return };
        *place = Some(login);
        let seat = seat.take();
        drop(stage);
        seat.into_iter().for_each(Waker::wake);
    }

    /// The login that the seat has to poll.
    pub(crate) fn take_login(&self) -> Option<LoggingIn> {
        match &mut *self.lock() {
            Stage::Undecided { login, .. } => login.take(),
            Stage::Deciding { .. } | Stage::Accepted(_) | Stage::Refused(_) | Stage::Gone => None,
        }
    }

    /// The seat asks for the outcome.
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
            Stage::Accepted(_) | Stage::Refused(_) => {}
        }
        match mem::replace(&mut *stage, Stage::Gone) {
            Stage::Accepted(session) => Poll::Ready(Outcome::Accepted(session)),
            Stage::Refused(refusal) => Poll::Ready(Outcome::Refused(*refusal)),
            Stage::Undecided { .. } | Stage::Deciding { .. } | Stage::Gone => Poll::Pending,
        }
    }

    /// The client left. Gives the session that nobody will come for, if there is one.
    pub(crate) fn leave(&self) -> Option<Arc<ServerSession<D>>> {
        let left = mem::replace(&mut *self.lock(), Stage::Gone);
        match left {
            Stage::Accepted(session) => Some(session),
            Stage::Undecided { .. } => {
                self.count_down();
                None
            }
            Stage::Deciding { .. } | Stage::Refused(_) | Stage::Gone => None,
        }
    }

    /// The application decides: takes the opening, if the client is still there and
    /// nobody has decided yet.
    pub(crate) fn take_opening(&self) -> Option<Opening> {
        let mut stage = self.lock();
        match mem::replace(&mut *stage, Stage::Gone) {
            Stage::Undecided { opening, seat, .. } => {
                *stage = Stage::Deciding { seat };
                drop(stage);
                self.count_down();
                Some(*opening)
            }
            decided @ (Stage::Deciding { .. }
            | Stage::Accepted(_)
            | Stage::Refused(_)
            | Stage::Gone) => {
                *stage = decided;
                None
            }
        }
    }

    /// The session is there. Whether the client still is, too.
    pub(crate) fn accept(&self, session: &Arc<ServerSession<D>>) -> bool {
        self.decide(Stage::Accepted(Arc::clone(session)))
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.core.observer.refused(&refusal);
        self.decide(Stage::Refused(Box::new(refusal)));
    }

    /// Refuses for want of time or room, if nobody has decided yet.
    pub(crate) fn turn_away(&self) {
        if let Some(opening) = self.take_opening() {
            self.refuse(opening.overloaded(RETRY_AFTER.as_secs()));
        }
    }

    /// Whether the client is still there to hear it.
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

    /// Nothing that can panic is done under this lock.
    fn lock(&self) -> MutexGuard<'_, Stage<D>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Data> Expire for PendingHandshake<D> {
    fn expire(&self) {
        self.turn_away();
    }
}

/// What `Retry-After` says to handshakes that found no room.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(5);
