//! A session behind its lock, and the turns that are taken at it.

use std::sync::{Arc, Mutex, MutexGuard};

use engineio_proto::{AnySession, Instant};

use super::waiters::{Awake, Waiters};

/// A session that several tasks share, together with its waiters.
///
/// Under the lock no task is woken, no waker is dropped, and no application code runs. No other
/// lock is taken under it.
pub(crate) struct Shared<S: Side> {
    pub(crate) side: S,
    locked: Mutex<Locked<S>>,
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

    /// Ends a turn, under the lock.
    fn end_turn(&self, locked: &mut Locked<Self>) -> Self::Rest;

    /// Does the rest of a turn, before waiters are woken.
    fn finish(shared: &Arc<Shared<Self>>, rest: Self::Rest);

    /// Handles a session that a panic left in the middle of a change: it counts as closed.
    fn poisoned(shared: &Arc<Shared<Self>>);
}

/// One turn at a session.
pub(crate) struct Turn<'a, S: Side> {
    pub(crate) now: Instant,
    pub(crate) session: &'a mut S::Session,
    pub(crate) waiters: &'a mut Waiters,
    pub(crate) state: &'a mut S::State,
}

impl<S: Side> Shared<S> {
    pub(crate) fn new(side: S, session: S::Session, state: S::State) -> Arc<Self> {
        let locked = Locked { session, waiters: Waiters::default(), state };
        Arc::new(Self { side, locked: Mutex::new(locked) })
    }

    /// Takes one turn. Wakes waiters when the lock is released. `None`: the session is gone.
    pub(crate) fn turn<R>(self: &Arc<Self>, act: impl FnOnce(&mut Turn<'_, S>) -> R) -> Option<R> {
        let now = self.side.now()?;
        let Ok(mut locked) = self.locked.lock() else {
            S::poisoned(self);
            return None;
        };
        locked.session.handle_timeout(now);
        let Locked { session, waiters, state } = &mut *locked;
        let result = act(&mut Turn { now, session, waiters, state });
        let (rest, awake) = self.end_turn(locked);
        S::finish(self, rest);
        awake.wake();
        Some(result)
    }

    fn end_turn(&self, mut locked: MutexGuard<'_, Locked<S>>) -> (S::Rest, Awake) {
        let rest = self.side.end_turn(&mut locked);
        let mut awake = Awake::default();
        let Locked { session, waiters, .. } = &mut *locked;
        waiters.take_ready(session, &mut awake);
        (rest, awake)
    }

    /// Looks at the session without changing it. `None`: as for [`turn`](Self::turn).
    pub(crate) fn look<R>(&self, look: impl FnOnce(&S::Session) -> R) -> Option<R> {
        Some(look(&self.locked.lock().ok()?.session))
    }

    /// Wakes all waiters, because nothing carries the session any more.
    pub(crate) fn wake_all(&self) {
        let mut awake = Awake::default();
        if let Ok(mut locked) = self.locked.lock() {
            locked.waiters.take_all(&mut awake);
        }
        awake.wake();
    }
}
