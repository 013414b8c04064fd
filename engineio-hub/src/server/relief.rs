//! Ends sessions while all of them together hold too much.
//!
//! While the budget is exceeded nothing large is taken in, so what is half received can't become
//! whole, and what nobody takes stays. So somebody has to be ended, or the server would stand
//! still: those who hold the most and didn't get on for a second.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use super::deadlines::Target;
use super::handler::{Handler, carry};
use super::pending::RETRY_AFTER;
use super::progress::Progress;
use super::session::ServerSession;
use crate::data::Data;
use crate::memory::Part;
use crate::shared::session::Pace;

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
        drop(self.progress.take());
        self.progress.end();
        if self.budget.is_exceeded() {
            self.begin_relief();
        }
    }

    /// The sessions that didn't get on with something since the last time, with how much that is.
    fn stuck(&self) -> Vec<(usize, Arc<ServerSession<D>>)> {
        let before = self.progress.take();
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
        self.progress.keep(seen);
        stuck
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
