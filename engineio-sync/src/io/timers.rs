//! When connections have waited long enough.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use engineio_proto::Instant;
use mio::Token;

/// The times at which connections are to be looked at.
///
/// A deadline that moves to a later time, as nearly all do, changes nothing here: the entry is
/// found too early, and put back.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, Token)>>);

/// A deadline that may move.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timer {
    pub(super) deadline: Option<Instant>,
    /// The entry that is in the heap for it.
    armed: Option<Instant>,
}

impl Timers {
    /// Sees to it that this timer is found in time.
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

    /// Something to look at now, and which of its entries this is.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Token, Instant)> {
        let Reverse((at, _)) = self.0.peek()?;
        if *at > now {
            return None;
        }
        self.0.pop().map(|Reverse((at, token))| (token, at))
    }
}

impl Timer {
    /// Whether its time has come, now that this entry was taken out. If not, arm it again.
    pub(super) fn is_due(&mut self, entry: Instant, now: Instant) -> bool {
        // Any other is an old one, or that of a connection that is gone.
        if self.armed == Some(entry) {
            self.armed = None;
        }
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}
