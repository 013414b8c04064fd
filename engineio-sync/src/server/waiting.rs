//! How the application's threads wait: for the I/O threads, or by doing their work.

use std::future::Future;
use std::mem;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::block::{block_on, block_until};
use crate::clock::machine_time;
use crate::io::{Engine, Inbox, Worker};

/// How to wait for something of a server.
pub(super) struct Waiting<D: Send + Sync + 'static> {
    /// `None`: threads of the server's own do the I/O.
    here: Option<Arc<Here<D>>>,
}

/// The worker of a server that has no threads. Whoever waits runs it, one thread at a time.
struct Here<D: Send + Sync + 'static> {
    engine: Arc<Engine<D>>,
    inbox: Arc<Inbox>,
    /// `None`: it has stopped.
    worker: Mutex<Option<Worker<D>>>,
    /// Threads that wait while another one runs it.
    followers: Mutex<Vec<Waker>>,
}

impl<D: Send + Sync + 'static> Waiting<D> {
    pub(super) const fn for_threads() -> Self {
        Self { here: None }
    }

    pub(super) fn here(engine: &Arc<Engine<D>>, worker: Worker<D>) -> Self {
        let inbox = Arc::clone(worker.inbox());
        let (worker, followers) = (Mutex::new(Some(worker)), Mutex::default());
        let engine = Arc::clone(engine);
        Self { here: Some(Arc::new(Here { engine, inbox, worker, followers })) }
    }

    /// Whether a thread that only waits would keep the I/O from going on.
    pub(super) const fn is_here(&self) -> bool {
        self.here.is_some()
    }

    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        match &self.here {
            None => block_on(future),
            Some(here) => match here.wait(future, None) {
                Some(output) => output,
                None => unreachable!("without a deadline there is none to miss"),
            },
        }
    }

    /// `None`: it wasn't ready by then. Without a time it waits as long as it takes.
    pub(super) fn block_until<F: Future>(
        &self,
        future: F,
        until: Option<Instant>,
    ) -> Option<F::Output> {
        match (&self.here, until) {
            (None, Some(until)) => block_until(future, until),
            (None, None) => Some(block_on(future)),
            (Some(here), until) => here.wait(future, until),
        }
    }

    /// Does what there is to do at once, if that is this thread's to do.
    pub(super) fn give_turn(&self) {
        if let Some(here) = &self.here {
            let mut relay = Relay { here, has_led: false };
            relay.take_turn(Some(Duration::ZERO));
        }
    }

    /// Ends the I/O, unless threads of the server's own or one that waits do it: they end it.
    pub(super) fn end(&self) {
        if let Some(here) = &self.here
            && let Some(mut worker) = here.try_lead()
        {
            *worker = None;
        }
    }

    /// Waits until the I/O has ended, at most so long.
    pub(super) fn wait_for_end(&self, engine: &Engine<D>, at_most: Duration) {
        let Some(here) = &self.here else { return engine.wait_for_workers(at_most) };
        let until = machine_time().checked_add(at_most);
        while !engine.is_over() && until.is_some_and(|until| machine_time() < until) {
            // Whoever closes may be in the middle of a turn: it never gets one here.
            if !here.take_turn(Some(LOOK_AGAIN)) {
                thread::sleep(LOOK_AGAIN);
            }
        }
        self.end();
    }
}

impl<D: Send + Sync + 'static> Clone for Waiting<D> {
    fn clone(&self) -> Self {
        Self { here: self.here.clone() }
    }
}

impl<D: Send + Sync + 'static> Here<D> {
    fn wait<F: Future>(&self, future: F, until: Option<Instant>) -> Option<F::Output> {
        let mut future = pin!(future);
        let bell = Arc::new(Bell {
            thread: thread::current(),
            has_rung: AtomicBool::new(true),
            inbox: Arc::clone(&self.inbox),
        });
        let waker = Waker::from(Arc::clone(&bell));
        let mut relay = Relay { here: self, has_led: false };
        // However little time there is, what can be done at once is done.
        let mut has_tried = false;
        let output = loop {
            if bell.has_rung.swap(false, Ordering::AcqRel)
                && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                break Some(output);
            }
            let left = until.map(|until| until.saturating_duration_since(machine_time()));
            if has_tried && left.is_some_and(|left| left.is_zero()) {
                break None;
            }
            has_tried = true;
            if !relay.take_turn(left) {
                self.follow(&waker, &bell, left);
            }
        };
        lock(&self.followers).retain(|follower| !follower.will_wake(&waker));
        output
    }

    /// The worker, if no other thread has it.
    fn try_lead(&self) -> Option<MutexGuard<'_, Option<Worker<D>>>> {
        match self.worker.try_lock() {
            Ok(place) => Some(place),
            Err(TryLockError::Poisoned(place)) => Some(place.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Runs the worker once. `false`: another thread does, or it has stopped.
    fn take_turn(&self, at_most: Option<Duration>) -> bool {
        let Some(mut place) = self.try_lead() else { return false };
        let Some(worker) = place.as_mut() else { return false };
        let until = at_most.map(|at_most| self.engine.hub.now() + at_most);
        if !worker.turn(until) {
            *place = None;
        }
        true
    }

    /// Waits while another thread runs the worker.
    fn follow(&self, waker: &Waker, bell: &Bell, at_most: Option<Duration>) {
        let mut followers = lock(&self.followers);
        if !followers.iter().any(|follower| follower.will_wake(waker)) {
            followers.push(waker.clone());
        }
        drop(followers);
        // It may have stopped just now.
        let is_led = matches!(self.worker.try_lock(), Err(TryLockError::WouldBlock));
        let is_over = self.engine.is_over();
        if (is_led || is_over) && !bell.has_rung.load(Ordering::Acquire) {
            match at_most {
                Some(at_most) => thread::park_timeout(at_most),
                None => thread::park(),
            }
        }
    }
}

/// A thread that may have run the worker. When it leaves, be it by a panic, another one has to go
/// on.
struct Relay<'a, D: Send + Sync + 'static> {
    here: &'a Here<D>,
    has_led: bool,
}

impl<D: Send + Sync + 'static> Relay<'_, D> {
    fn take_turn(&mut self, at_most: Option<Duration>) -> bool {
        // Already now: the turn may panic.
        let was_leading = mem::replace(&mut self.has_led, true);
        let leads = self.here.take_turn(at_most);
        self.has_led = was_leading || leads;
        leads
    }
}

impl<D: Send + Sync + 'static> Drop for Relay<'_, D> {
    fn drop(&mut self) {
        if self.has_led {
            let followers = mem::take(&mut *lock(&self.here.followers));
            followers.into_iter().for_each(Waker::wake);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes one thread, be it asleep or at the I/O.
struct Bell {
    thread: Thread,
    has_rung: AtomicBool,
    inbox: Arc<Inbox>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.has_rung.swap(true, Ordering::AcqRel) {
            self.thread.unpark();
            self.inbox.call();
        }
    }
}

const LOOK_AGAIN: Duration = Duration::from_millis(10);
