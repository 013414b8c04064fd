//! A session behind its lock, and the turns that are taken at it.
//!
//! What few turns do is in functions of its own, which aren't inlined. Between two messages the kernel's
//! code takes the processor's cache, so each line of code that a turn runs through is fetched again.

use std::sync::Arc;

use engineio_proto::{AnySession, Instant};

use super::waiters::{Awake, Waiters};
use crate::memory::Change;
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};

/// A session that several tasks share, together with its waiters.
///
/// Under the lock no task is woken, no waker is dropped, and no application code runs. No other
/// lock is taken under it.
pub(crate) struct Shared<S: Side> {
    pub(crate) side: S,
    locked: Mutex<Locked<S>>,
    /// How often connections were woken. It changes under the lock, before they are.
    seat_wakes: AtomicU32,
    /// How often the task that receives was woken, counted in the same way.
    reader_wakes: AtomicU32,
}

/// What the lock guards.
pub(crate) struct Locked<S: Side> {
    pub(crate) session: S::Session,
    pub(crate) waiters: Waiters,
    pub(crate) state: S::State,
}

/// Server or client: what the two do differently with a shared session.
pub(crate) trait Side: Send + Sync + Sized + 'static {
    type Session: AnySession + Send;

    /// What this side keeps beside the session, under the same lock.
    type State: Send;

    /// What is left to do after a turn, without the lock.
    type Rest;

    /// The time. `None`: the server is gone, and nothing carries the session.
    fn now(&self) -> Option<Instant>;

    /// Whether [`now`](Self::now) gives `None`.
    fn is_gone(&self) -> bool;

    /// Begins a turn, under the lock.
    fn begin_turn(&self, locked: &mut Locked<Self>, now: Instant) {
        locked.session.handle_timeout(now);
    }

    /// Ends a turn, under the lock.
    fn end_turn(&self, locked: &mut Locked<Self>) -> Self::Rest;

    /// Whether what is counted of the session is about what it holds. Asked at the end of each turn.
    #[inline]
    fn is_counted(&self, session: &Self::Session) -> bool {
        let _ = session;
        true
    }

    /// Counts what the session holds, under the lock.
    fn count(&self, session: &mut Self::Session) -> Change {
        let _ = session;
        Change::Nothing
    }

    /// Does what that asks for, without the lock.
    #[inline]
    fn counted(&self, change: Change) {
        let _ = change;
    }

    /// Does the rest of a turn, before waiters are woken.
    fn finish(shared: &Arc<Shared<Self>>, rest: Self::Rest);

    /// Handles a session that a panic left in the middle of a change: it counts as closed. Its lock
    /// is still held.
    fn poisoned(shared: &Arc<Shared<Self>>, locked: MutexGuard<'_, Locked<Self>>);
}

/// A [turn](Shared::turn), or a [quick one](Shared::quick_turn).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    Full,
    /// A full one, at a time that was just read.
    At(Instant),
    Quick,
}

/// One turn at a session.
pub(crate) struct Turn<'a, S: Side> {
    pub(crate) now: Instant,
    pub(crate) session: &'a mut S::Session,
    pub(crate) waiters: &'a mut Waiters,
    pub(crate) state: &'a mut S::State,
}

impl<S: Side> Locked<S> {
    fn turn(&mut self, now: Instant) -> Turn<'_, S> {
        let Self { session, waiters, state } = self;
        Turn { now, session, waiters, state }
    }
}

impl<S: Side> Shared<S> {
    pub(crate) fn new(side: S, session: S::Session, state: S::State) -> Arc<Self> {
        let locked = Locked { session, waiters: Waiters::default(), state };
        let (seat_wakes, reader_wakes) = (AtomicU32::new(0), AtomicU32::new(0));
        Arc::new(Self { side, locked: Mutex::new(locked), seat_wakes, reader_wakes })
    }

    /// Counts the wake-ups of connections. A connection that registered itself as a waiter in a
    /// turn, and finds the same count later, hasn't been woken: there is nothing new for it, or it
    /// will be polled again.
    pub(crate) fn seat_wakes(&self) -> u32 {
        self.seat_wakes.load(Relaxed)
    }

    /// Counts the wake-ups of the task that receives, as [`seat_wakes`](Self::seat_wakes) does those
    /// of connections.
    pub(crate) fn reader_wakes(&self) -> u32 {
        self.reader_wakes.load(Relaxed)
    }

    /// Takes one turn. Wakes waiters when the lock is released. `None`: the session is gone.
    pub(crate) fn turn<R>(self: &Arc<Self>, act: impl FnOnce(&mut Turn<'_, S>) -> R) -> Option<R> {
        let now = self.side.now()?;
        let locked = self.lock()?;
        Some(self.full_turn(locked, now, act))
    }

    /// Takes a turn for a send, for events or for something to write. While the session doesn't
    /// depend on the time, this reads no clock and looks at no deadline.
    pub(crate) fn quick_turn<R>(
        self: &Arc<Self>,
        act: impl FnOnce(&mut Turn<'_, S>) -> R,
    ) -> Option<R> {
        let mut locked = self.lock()?;
        let mut depends_on_time = locked.session.depends_on_time();
        let now = if depends_on_time {
            let now = self.side.now()?;
            self.side.begin_turn(&mut locked, now);
            now
        } else {
            locked.session.now()
        };
        let result = act(&mut locked.turn(now));
        if !depends_on_time && locked.session.depends_on_time() {
            let now = self.side.now()?;
            locked.session.catch_up(now);
            depends_on_time = true;
        }
        if depends_on_time {
            self.end_turn(locked);
        } else if self.side.is_counted(&locked.session) {
            let awake = self.take_awake(&mut locked);
            drop(locked);
            wake(awake);
        } else {
            self.end_by_counting(locked);
        }
        Some(result)
    }

    /// Takes a turn of this kind.
    pub(crate) fn turn_at<R>(
        self: &Arc<Self>,
        pace: Pace,
        act: impl FnOnce(&mut Turn<'_, S>) -> R,
    ) -> Option<R> {
        match pace {
            Pace::Full => self.turn(act),
            Pace::At(now) => {
                let locked = self.lock()?;
                Some(self.full_turn(locked, now, act))
            }
            Pace::Quick => self.quick_turn(act),
        }
    }

    fn full_turn<R>(
        self: &Arc<Self>,
        mut locked: MutexGuard<'_, Locked<S>>,
        now: Instant,
        act: impl FnOnce(&mut Turn<'_, S>) -> R,
    ) -> R {
        self.side.begin_turn(&mut locked, now);
        let result = act(&mut locked.turn(now));
        self.end_turn(locked);
        result
    }

    /// `None`: the session is gone. Only under the lock is that for sure: after
    /// [`wake_all`](Self::wake_all) nobody may begin to wait.
    fn lock(self: &Arc<Self>) -> Option<MutexGuard<'_, Locked<S>>> {
        match self.locked.lock() {
            Ok(locked) => Some(locked).filter(|_| !self.side.is_gone()),
            Err(poisoned) => {
                S::poisoned(self, poisoned.into_inner());
                None
            }
        }
    }

    fn end_turn(self: &Arc<Self>, mut locked: MutexGuard<'_, Locked<S>>) {
        let rest = self.side.end_turn(&mut locked);
        let is_counted = self.side.is_counted(&locked.session);
        let change =
            if is_counted { Change::Nothing } else { self.side.count(&mut locked.session) };
        let awake = self.take_awake(&mut locked);
        drop(locked);
        self.side.counted(change);
        S::finish(self, rest);
        wake(awake);
    }

    /// Ends a quick turn that changed much of what the session holds.
    #[cold]
    fn end_by_counting(&self, mut locked: MutexGuard<'_, Locked<S>>) {
        let change = self.side.count(&mut locked.session);
        let awake = self.take_awake(&mut locked);
        drop(locked);
        self.side.counted(change);
        wake(awake);
    }

    /// The waiters that can go on.
    #[inline]
    fn take_awake(&self, locked: &mut Locked<S>) -> Option<Awake> {
        if locked.waiters.is_quiet() { None } else { self.take_ready(locked) }
    }

    /// As [`take_awake`](Self::take_awake), when somebody waits.
    #[inline(never)]
    fn take_ready(&self, locked: &mut Locked<S>) -> Option<Awake> {
        let ready = locked.waiters.ready(&locked.session)?;
        let awake = locked.waiters.take_ready(&locked.session, ready);
        self.note(&awake);
        Some(awake)
    }

    /// Counts who is about to be woken, under the lock.
    #[inline]
    fn note(&self, awake: &Awake) {
        if awake.has_seat() {
            count_up(&self.seat_wakes);
        }
        if awake.has_reader() {
            count_up(&self.reader_wakes);
        }
    }

    /// Looks at the session without changing it. `None`: as for [`turn`](Self::turn).
    pub(crate) fn look<R>(&self, look: impl FnOnce(&S::Session) -> R) -> Option<R> {
        Some(look(&self.locked.lock().ok()?.session))
    }

    /// As [`look`](Self::look), for figures that are taken out. Nothing that anybody waits for may
    /// change.
    #[cfg(feature = "metrics")]
    pub(crate) fn look_mut<R>(&self, look: impl FnOnce(&mut S::Session) -> R) -> Option<R> {
        Some(look(&mut self.locked.lock().ok()?.session))
    }

    /// Wakes all waiters, because nothing carries the session any more.
    pub(crate) fn wake_all(&self) {
        let Ok(mut locked) = self.locked.lock() else { return };
        let awake = locked.waiters.take_all();
        self.note(&awake);
        drop(locked);
        awake.wake();
    }
}

/// Adds one to what only the holder of the lock changes.
#[inline]
fn count_up(count: &AtomicU32) {
    count.store(count.load(Relaxed).wrapping_add(1), Relaxed);
}

#[inline]
fn wake(awake: Option<Awake>) {
    if let Some(awake) = awake {
        awake.wake();
    }
}
