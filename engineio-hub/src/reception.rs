//! Handshakes that wait for the application's word.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use engineio_proto::Instant;
use engineio_proto::server::{Opening, Refusal};
use http::request::Parts;

use crate::cell::{Audience, Cell};
use crate::deadlines::Expire;
use crate::hub::{Hub, RETRY_AFTER};
use crate::incoming::Incoming;

/// Where handshakes wait and the application picks them up.
pub(crate) struct Reception<D: Send + Sync + 'static> {
    desk: Mutex<Desk<D>>,
    /// Handshakes without a verdict, picked up or not.
    waiting: AtomicUsize,
}

struct Desk<D: Send + Sync + 'static> {
    queue: VecDeque<Arrival<D>>,
    mode: Mode<D>,
    /// Tasks that wait for a handshake.
    acceptors: Vec<Waker>,
    /// Tasks that wait for the last session to end.
    closers: Vec<Waker>,
}

/// A handshake that nobody picked up yet. It doesn't hold the hub, which holds it.
pub(crate) struct Arrival<D: Send + Sync + 'static> {
    pub(crate) waiting: Arc<Waiting<D>>,
    pub(crate) request: Parts,
}

/// Who decides about handshakes.
enum Mode<D> {
    /// Nobody has asked yet.
    Undecided,
    /// The application takes them one by one.
    Handles,
    /// All are accepted, with data made by this; the application hears of them as
    /// events.
    Events(fn() -> D),
    /// The server stops.
    Closed,
}

impl<D: Send + Sync + 'static> Reception<D> {
    pub(crate) fn new() -> Self {
        let desk = Desk {
            queue: VecDeque::new(),
            mode: Mode::Undecided,
            acceptors: Vec::new(),
            closers: Vec::new(),
        };
        Self { desk: Mutex::new(desk), waiting: AtomicUsize::new(0) }
    }

    /// How many handshakes have no verdict.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Lets a handshake wait, and tells the application.
    pub(crate) fn receive(
        &self,
        hub: &Arc<Hub<D>>,
        opening: Opening,
        parts: &Parts,
    ) -> Arc<Waiting<D>> {
        self.waiting.fetch_add(1, Relaxed);
        let waiting = Arc::new(Waiting {
            hub: Arc::downgrade(hub),
            verdict: Mutex::new(Verdict::Open { opening: Box::new(opening), seat: None }),
        });
        let arrival = Arrival { waiting: Arc::clone(&waiting), request: parts.clone() };
        let mut desk = lock(&self.desk);
        match desk.mode {
            Mode::Undecided | Mode::Handles => {
                desk.queue.push_back(arrival);
                // If the application takes none, those whose client has left must not
                // pile up: the queue is never much longer than twice the limit.
                if desk.queue.len() > 2 * self.waiting() + FEW {
                    desk.queue.retain(|arrival| !arrival.waiting.is_gone());
                }
                let acceptors = mem::take(&mut desk.acceptors);
                drop(desk);
                acceptors.into_iter().for_each(Waker::wake);
            }
            Mode::Events(data) => {
                drop(desk);
                Incoming::new(hub, arrival).open(data(), Audience::EVENTS);
            }
            Mode::Closed => {
                drop(desk);
                waiting.turn_away();
            }
        }
        waiting
    }

    /// The next handshake; `None` when there will be none.
    pub(crate) fn poll_incoming(
        &self,
        hub: &Arc<Hub<D>>,
        cx: &Context<'_>,
    ) -> Poll<Option<Incoming<D>>> {
        let mut desk = lock(&self.desk);
        loop {
            match desk.mode {
                Mode::Undecided => desk.mode = Mode::Handles,
                Mode::Handles => match desk.queue.pop_front() {
                    // The client may have left meanwhile.
                    Some(arrival) if arrival.waiting.is_gone() => {}
                    Some(arrival) => return Poll::Ready(Some(Incoming::new(hub, arrival))),
                    None => {
                        if !desk.acceptors.iter().any(|it| it.will_wake(cx.waker())) {
                            desk.acceptors.push(cx.waker().clone());
                        }
                        return Poll::Pending;
                    }
                },
                Mode::Events(_) | Mode::Closed => return Poll::Ready(None),
            }
        }
    }

    /// From now on all handshakes are accepted as they come. Gives those that wait;
    /// `None` if somebody takes them another way already.
    pub(crate) fn take_all(&self, data: fn() -> D) -> Option<VecDeque<Arrival<D>>> {
        let mut desk = lock(&self.desk);
        if !matches!(desk.mode, Mode::Undecided) {
            return None;
        }
        desk.mode = Mode::Events(data);
        Some(mem::take(&mut desk.queue))
    }

    /// Refuses those that wait, and all that come.
    pub(crate) fn close(&self) {
        let mut desk = lock(&self.desk);
        desk.mode = Mode::Closed;
        let queue = mem::take(&mut desk.queue);
        let acceptors = mem::take(&mut desk.acceptors);
        drop(desk);
        queue.iter().for_each(|arrival| arrival.waiting.turn_away());
        acceptors.into_iter().for_each(Waker::wake);
    }

    /// Wakes this task at the end of every session and connection.
    pub(crate) fn wait_for_end(&self, waker: &Waker) {
        let mut desk = lock(&self.desk);
        if !desk.closers.iter().any(|it| it.will_wake(waker)) {
            desk.closers.push(waker.clone());
        }
    }

    /// A session or a connection has ended.
    pub(crate) fn note_end(&self) {
        let closers = mem::take(&mut lock(&self.desk).closers);
        closers.into_iter().for_each(Waker::wake);
    }
}

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
    pub(crate) fn as_expire(self: &Arc<Self>) -> Weak<dyn Expire> {
        let expire: Arc<dyn Expire> = Arc::clone(self) as _;
        Arc::downgrade(&expire)
    }

    /// The seat asks for the verdict.
    pub(crate) fn poll_verdict(&self, cx: &Context<'_>) -> Poll<Answer<D>> {
        let mut verdict = lock(&self.verdict);
        match &mut *verdict {
            Verdict::Open { seat, .. } | Verdict::Deciding { seat } => {
                *seat = Some(cx.waker().clone());
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

    pub(crate) fn is_gone(&self) -> bool {
        matches!(*lock(&self.verdict), Verdict::Gone)
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

    fn count_down(&self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.reception.waiting.fetch_sub(1, Relaxed);
        }
    }
}

impl<D: Send + Sync + 'static> Expire for Waiting<D> {
    fn expire(&self, _now: Instant) {
        self.turn_away();
    }
}

/// So many aren't worth a look.
const FEW: usize = 16;

/// Nothing that can panic is done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
