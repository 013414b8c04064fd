//! What all parts of a server share: its settings and clock, its sessions, their deadlines.

use std::mem;
use std::sync::{Arc, OnceLock, PoisonError};
use std::task::Waker;

use engineio_proto::server::Refusal;
use engineio_proto::{Instant, Response, ServerCloseReason, ServerConfig, Sid};

use super::deadlines::{Deadlines, Target};
use super::entrance::Entrance;
use super::groups::Groups;
use super::map::Map;
use super::progress::ProgressOfAll;
use super::ready::ReadyQueue;
#[cfg(feature = "metrics")]
use super::sampler::Sampler;
use super::upgradability::Upgradability;
use crate::clock::Clock;
use crate::cluster::publisher::Publisher;
use crate::cluster::{BusLoss, Subscription};
use crate::memory::{Budget, Change, count_answer};
use crate::observer::{Guarded, Observer};
use crate::refused::{RefusedRequest, RequestLine, Warnings};
use crate::shared::wakers::Wakers;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};

/// The core of a server. It only stores its sessions (`S`).
pub(crate) struct Core<S> {
    pub(crate) config: Arc<ServerConfig>,
    clock: Box<dyn Clock>,
    pub(crate) observer: Guarded,
    pub(super) warnings: Warnings,
    #[cfg(feature = "metrics")]
    pub(super) sampler: Sampler,
    pub(super) entrance: Entrance,
    pub(crate) upgradability: Upgradability,
    pub(crate) sessions: Map<S>,
    pub(crate) groups: Arc<Groups<S>>,
    /// What carries messages to other nodes, if there are any.
    pub(crate) bus: OnceLock<Publisher>,
    /// To what goes to the sessions of all nodes.
    pub(super) everyone: Mutex<Option<Subscription>>,
    pub(crate) deadlines: Deadlines,
    /// Sessions with news, for a consumer of all sessions.
    pub(crate) ready: ReadyQueue<S>,
    /// What all sessions together may hold.
    pub(crate) budget: Arc<Budget>,
    pub(super) progress: ProgressOfAll,
    /// How many handshakes are undecided.
    pub(crate) waiting: AtomicUsize,
    /// How many WebSockets are open, including those of ended sessions.
    websockets: AtomicUsize,
    is_closing: AtomicBool,
    is_gone: AtomicBool,
    /// Tasks that wait for the last session to end.
    ends: Mutex<Wakers>,
}

impl<S> Core<S> {
    pub(crate) fn new(
        config: ServerConfig,
        clock: impl Clock,
        observer: Box<dyn Observer>,
    ) -> Arc<Self> {
        #[cfg(feature = "metrics")]
        let sampler = Sampler::new(observer.wants_samples());
        let budget = Arc::new(Budget::new(config.max_memory()));
        let entrance = Entrance::new(&config);
        Arc::new(Self {
            config: Arc::new(config),
            clock: Box::new(clock),
            observer: Guarded(observer),
            warnings: Warnings::default(),
            #[cfg(feature = "metrics")]
            sampler,
            entrance,
            upgradability: Upgradability::default(),
            sessions: Map::new(),
            groups: Groups::new(),
            bus: OnceLock::new(),
            everyone: Mutex::default(),
            deadlines: Deadlines::new(),
            ready: ReadyQueue::new(),
            budget,
            progress: ProgressOfAll::default(),
            waiting: AtomicUsize::new(0),
            websockets: AtomicUsize::new(0),
            is_closing: AtomicBool::new(false),
            is_gone: AtomicBool::new(false),
            ends: Mutex::default(),
        })
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Tells the observer of a request that is turned away.
    #[cold]
    pub(crate) fn refused(&self, refusal: &Refusal, line: &RequestLine) {
        let cause = refusal.cause();
        let is_first = !cause.is_wanted() && self.warnings.is_due(cause.name(), self.now());
        self.observer.refused(&RefusedRequest::new(refusal, line, &self.config, is_first));
    }

    /// Tells the observer of messages between nodes.
    pub(super) fn bus_lost(&self, loss: &BusLoss<'_>) {
        let is_first = self.warnings.is_due(loss.name(), self.now());
        self.observer.bus_lost(loss, is_first);
    }

    /// Whether handshakes are refused because the server is closing.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Relaxed)
    }

    /// Starts to close. Returns whether this call was the first.
    pub(crate) fn begin_to_close(&self) -> bool {
        !self.is_closing.swap(true, Relaxed)
    }

    /// Whether the server is gone, so that nothing serves the sessions.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(Relaxed)
    }

    /// Marks the server as gone. Returns the sessions that are left, so that their waiters can be
    /// woken.
    pub(crate) fn leave(&self) -> Vec<Arc<S>> {
        self.is_gone.store(true, Relaxed);
        self.deadlines.wake();
        self.groups.disband();
        let everyone = self.everyone.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(everyone);
        self.sessions.take_all()
    }

    /// Removes a session that has ended from the map. The observer is told the reason; there is
    /// none after a panic.
    pub(crate) fn session_ended(
        &self,
        sid: &Sid,
        session: &Arc<S>,
        reason: Option<&ServerCloseReason>,
    ) {
        self.sessions.remove(sid, session);
        reason.into_iter().for_each(|reason| self.observer.closed(sid, reason));
        self.note_end();
        if self.is_closing() {
            self.ready.wake();
        }
    }

    pub(crate) fn websocket_began(&self) {
        self.websockets.fetch_add(1, Relaxed);
    }

    pub(crate) fn websocket_ended(&self) {
        self.websockets.fetch_sub(1, Relaxed);
        self.note_end();
    }

    /// Whether no session and no WebSocket is left.
    pub(crate) fn is_over(&self) -> bool {
        self.sessions.len() == 0 && self.websockets.load(Relaxed) == 0
    }

    /// Wakes this task at the next end of a session or WebSocket.
    pub(crate) fn wait_for_end(&self, waker: &Waker) {
        self.ends().register(waker);
    }

    pub(super) fn note_end(&self) {
        let ends = mem::take(&mut *self.ends());
        ends.wake();
    }

    /// Nothing under this lock can panic.
    fn ends(&self) -> MutexGuard<'_, Wakers> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer that is to be written.
    pub(crate) fn count_answer(&self, response: &mut Response) {
        let (body, change) = count_answer(&self.budget, mem::take(&mut response.body));
        response.body = body;
        self.noticed(change);
    }

    /// Does what a change of the budget asks for. Under no lock.
    #[inline]
    pub(crate) fn noticed(&self, change: Change) {
        match change {
            Change::Nothing => {}
            Change::Exceeded => self.begin_relief(),
            Change::Relieved => self.budget.wake(),
        }
    }

    #[cold]
    pub(super) fn begin_relief(&self) {
        if self.progress.begin() {
            self.deadlines.arm_anywhere(self.now(), Target::Relief);
        }
    }
}
