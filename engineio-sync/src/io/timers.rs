//! The deadlines of connections.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use engineio_proto::Instant;
use mio::Token;

/// The times at which to look at connections.
///
/// Nearly all deadlines move to a later time, which changes nothing here: the entry comes up too
/// early, and is put back.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, Token)>>);

/// A deadline that may move.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timer {
    pub(super) deadline: Option<Instant>,
    /// Its entry in the heap.
    armed: Option<Instant>,
}

impl Timers {
    /// Adds an entry for this timer, unless an earlier one is there.
    pub(super) fn arm(&mut self, token: Token, timer: &mut Timer) {
        let Some(deadline) = timer.deadline else { return };
        if timer.armed.is_none_or(|armed| deadline < armed) {
            timer.armed = Some(deadline);
            self.0.push(Reverse((deadline, token)));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }

    /// A connection to look at now, and the time of its entry.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Token, Instant)> {
        let Reverse((at, _)) = self.0.peek()?;
        if *at > now {
            return None;
        }
        self.0.pop().map(|Reverse((at, token))| (token, at))
    }
}

impl Timer {
    /// Whether its deadline has come, after this entry was taken out. If not, arm it again.
    pub(super) fn is_due(&mut self, entry: Instant, now: Instant) -> bool {
        // Any other entry is outdated, or belongs to a former connection with this token.
        if self.armed == Some(entry) {
            self.armed = None;
        }
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}
