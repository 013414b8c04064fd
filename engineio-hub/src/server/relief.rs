//! Ends sessions while all of them together hold too much.
//!
//! While the budget is exceeded nothing large is taken in, so what is half received can't become
//! whole, and what nobody takes stays. So somebody has to be ended, or the server would stand
//! still: those who hold the most and didn't get on for a second.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use engineio_proto::Sid;

use super::core::Core;
use super::deadlines::Target;
use super::handler::{Handler, carry};
use super::pending::RETRY_AFTER;
use super::session::ServerSession;
use crate::data::Data;
use crate::memory::{Change, Part};
use crate::shared::session::Pace;
use crate::sync::atomic::{AtomicBool, Ordering::SeqCst};
use crate::sync::{Mutex, MutexGuard};

/// What is known of the sessions that hold much, while it is too much.
#[derive(Default)]
pub(crate) struct Relief {
    /// A deadline for the next look is armed.
    is_under_way: AtomicBool,
    /// How far they were a second ago.
    seen: Mutex<HashMap<Sid, Progress>>,
}

/// How far a session has got with what it holds.
#[derive(Clone, Copy)]
struct Progress {
    incoming: u32,
    outgoing: u32,
    /// Bytes that the application hasn't read.
    unread: usize,
    /// The position up to which the client has taken messages.
    handed_over: u64,
}

impl<S> Core<S> {
    /// Does what a change of the budget asks for. Under no lock.
    #[inline]
    pub(crate) fn noticed(&self, change: Change) {
        match change {
            Change::Nothing => {}
            Change::Exceeded => self.begin_relief(),
            Change::Relieved => self.budget.wake(),
        }
    }

    fn begin_relief(&self) {
        if !self.relief.is_under_way.swap(true, SeqCst) {
            self.deadlines.arm_anywhere(self.now(), Target::Relief);
        }
    }
}

impl<D: Data> Core<ServerSession<D>> {
    /// Looks at all sessions that hold much, and ends the largest of those that didn't get on since
    /// the last time, until enough is free.
    pub(super) fn relieve(&self, handler: Option<&dyn Handler<D>>) {
        self.noticed(self.budget.review());
        if self.budget.is_exceeded() {
            let mut stuck = self.stuck();
            stuck.sort_unstable_by_key(|(bytes, _)| Reverse(*bytes));
            let mut excess = self.budget.excess();
            for (bytes, session) in stuck {
                if excess == 0 {
                    break;
                }
                excess = excess.saturating_sub(bytes);
                session.side.holding.shed();
                carry(handler, &session, Pace::Full, |turn| {
                    turn.session.shed(turn.now, RETRY_AFTER.as_secs());
                });
            }
            self.deadlines.arm_anywhere(self.now() + PATIENCE, Target::Relief);
            return;
        }
        drop(mem::take(&mut *self.seen()));
        self.relief.is_under_way.store(false, SeqCst);
        if self.budget.is_exceeded() {
            self.begin_relief();
        }
    }

    /// The sessions that didn't get on with something since the last time, with how much that is.
    fn stuck(&self) -> Vec<(usize, Arc<ServerSession<D>>)> {
        let before = mem::take(&mut *self.seen());
        if before.is_empty() && self.warnings.is_due("memory_exceeded", self.now()) {
            self.observer.memory_exceeded(self.budget.held());
        }
        let mut seen = HashMap::new();
        let mut stuck = Vec::new();
        for session in self.sessions.iter().filter(|session| session.side.holding.is_any()) {
            let sid = &session.side.sid;
            let Some((now, unsent)) = progress(&session) else { continue };
            let bytes =
                before.get(sid).map_or(0, |before| now.left_since(before, unsent, &session));
            seen.insert(sid.clone(), now);
            if bytes > 0 {
                stuck.push((bytes, session));
            }
        }
        *self.seen() = seen;
        stuck
    }

    /// Nothing under this lock can panic.
    fn seen(&self) -> MutexGuard<'_, HashMap<Sid, Progress>> {
        self.relief.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the session is, and how many bytes wait for its client.
fn progress<D: Data>(session: &ServerSession<D>) -> Option<(Progress, usize)> {
    let holding = &session.side.holding;
    session.look(|session| {
        let progress = Progress {
            incoming: holding.departures(Part::Incoming),
            outgoing: holding.departures(Part::Outgoing),
            unread: session.unread_bytes(),
            handed_over: session.handed_over(),
        };
        (progress, session.queued_bytes())
    })
}

impl Progress {
    /// How many bytes are where they were before.
    fn left_since<D: Data>(
        &self,
        before: &Self,
        unsent: usize,
        session: &ServerSession<D>,
    ) -> usize {
        let holding = &session.side.holding;
        let unless = |has_moved: bool, bytes: usize| if has_moved { 0 } else { bytes };
        unless(self.incoming != before.incoming, holding.counted(Part::Incoming))
            + unless(self.outgoing != before.outgoing, holding.counted(Part::Outgoing))
            + unless(self.unread < before.unread, self.unread)
            + unless(self.handed_over != before.handed_over, unsent)
    }
}

/// How long a session may hold much without getting on, while that is too much for all.
const PATIENCE: Duration = Duration::from_secs(1);
