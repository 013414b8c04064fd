//! One handshake that waits for its verdict.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use engineio_proto::Instant;
use engineio_proto::server::{Opening, Refusal};

use crate::server::deadlines::Expire;
use crate::server::hub::{Hub, RETRY_AFTER};
use crate::server::session::Cell;

/// A handshake between its seat, where the client waits, and its `Incoming`, where
/// the application decides.
pub(crate) struct Waiting<D: Send + Sync + 'static> {
    hub: Weak<Hub<D>>,
    verdict: Mutex<Verdict<D>>,
}

enum Verdict<D: Send + Sync + 'static> {
    /// There is none yet.
    Open {
        opening: Box<Opening>,
        seat: Option<Waker>,
    },
    /// The application took the opening and makes a session of it.
    Deciding {
        seat: Option<Waker>,
    },
    Accepted(Arc<Cell<D>>),
    Refused(Box<Refusal>),
    /// Told to the seat, or the client left.
    Gone,
}

/// What the client's side finds.
pub(crate) enum Answer<D: Send + Sync + 'static> {
    Accepted(Arc<Cell<D>>),
    Refused(Refusal),
}

impl<D: Send + Sync + 'static> Waiting<D> {
    pub(crate) fn new(hub: &Arc<Hub<D>>, opening: Opening) -> Arc<Self> {
        Arc::new(Self {
            hub: Arc::downgrade(hub),
            verdict: Mutex::new(Verdict::Open { opening: Box::new(opening), seat: None }),
        })
    }

    pub(crate) fn as_expire(self: &Arc<Self>) -> Weak<dyn Expire> {
        let expire: Arc<dyn Expire> = Arc::clone(self) as _;
        Arc::downgrade(&expire)
    }

    /// The seat asks for the verdict.
    pub(crate) fn poll_verdict(&self, cx: &Context<'_>) -> Poll<Answer<D>> {
        let mut verdict = lock(&self.verdict);
        match &mut *verdict {
            Verdict::Open { seat, .. } | Verdict::Deciding { seat } => {
                let displaced = seat.replace(cx.waker().clone());
                drop(verdict);
                drop(displaced);
                return Poll::Pending;
            }
            Verdict::Gone => return Poll::Pending,
            Verdict::Accepted(_) | Verdict::Refused(_) => {}
        }
        match mem::replace(&mut *verdict, Verdict::Gone) {
            Verdict::Accepted(cell) => Poll::Ready(Answer::Accepted(cell)),
            Verdict::Refused(refusal) => Poll::Ready(Answer::Refused(*refusal)),
            Verdict::Open { .. } | Verdict::Deciding { .. } | Verdict::Gone => Poll::Pending,
        }
    }

    /// The client left. Gives the session that nobody will come for, if there is one.
    pub(crate) fn leave(&self) -> Option<Arc<Cell<D>>> {
        let left = mem::replace(&mut *lock(&self.verdict), Verdict::Gone);
        match left {
            Verdict::Accepted(cell) => Some(cell),
            Verdict::Open { .. } => {
                self.count_down();
                self.leave_queue();
                None
            }
            Verdict::Deciding { .. } | Verdict::Refused(_) | Verdict::Gone => None,
        }
    }

    /// Looks at the handshake while nobody has decided.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Opening) -> R) -> Option<R> {
        match &*lock(&self.verdict) {
            Verdict::Open { opening, .. } => Some(look(opening)),
            Verdict::Deciding { .. }
            | Verdict::Accepted(_)
            | Verdict::Refused(_)
            | Verdict::Gone => None,
        }
    }

    /// The application decides: takes the opening, if the client is still there and
    /// nobody has decided yet.
    pub(crate) fn take_opening(&self) -> Option<Opening> {
        let mut verdict = lock(&self.verdict);
        match mem::replace(&mut *verdict, Verdict::Gone) {
            Verdict::Open { opening, seat } => {
                *verdict = Verdict::Deciding { seat };
                drop(verdict);
                self.count_down();
                Some(*opening)
            }
            decided @ (Verdict::Deciding { .. }
            | Verdict::Accepted(_)
            | Verdict::Refused(_)
            | Verdict::Gone) => {
                *verdict = decided;
                None
            }
        }
    }

    /// The session is there. Whether the client still is, too.
    pub(crate) fn accept(&self, cell: &Arc<Cell<D>>) -> bool {
        self.decide(Verdict::Accepted(Arc::clone(cell)))
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.decide(Verdict::Refused(Box::new(refusal)));
    }

    /// Whether the client is still there to hear it.
    fn decide(&self, decision: Verdict<D>) -> bool {
        let mut verdict = lock(&self.verdict);
        let Verdict::Deciding { seat } = &mut *verdict else { return false };
        let seat = seat.take();
        *verdict = decision;
        drop(verdict);
        seat.into_iter().for_each(Waker::wake);
        true
    }

    /// Refuses for want of time or room, if nobody has decided yet.
    pub(crate) fn turn_away(&self) {
        if let Some(opening) = self.take_opening() {
            let refusal = opening.overloaded(RETRY_AFTER.as_secs());
            if let Some(hub) = self.hub.upgrade() {
                hub.observer.refused(&refusal);
            }
            self.refuse(refusal);
        }
    }

    fn leave_queue(&self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.reception.forget(self);
        }
    }

    fn count_down(&self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.reception.count_down();
        }
    }
}

impl<D: Send + Sync + 'static> Expire for Waiting<D> {
    fn expire(&self, _now: Instant) {
        self.turn_away();
        self.leave_queue();
    }
}

/// Nothing that can panic is done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
