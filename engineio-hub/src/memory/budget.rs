//! The bound of a server's memory.

use std::collections::HashMap;
use std::mem;
use std::num::NonZeroU64;
use std::sync::PoisonError;
use std::task::Waker;

use crate::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed, Ordering::SeqCst};
use crate::sync::{Mutex, MutexGuard};

/// What all sessions of a server hold, and who waits for some of it to be given back.
///
/// It is a count, not a gate: the one who counts more afterwards sees whether that was too much.
/// Once exceeded, it is so until an eighth is free again. So those who wait are woken for many
/// bytes at once.
pub(crate) struct Budget {
    max: isize,
    /// May be negative for a moment, when something is given back before it was counted.
    held: AtomicIsize,
    is_exceeded: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    tasks: HashMap<Ticket, Waker>,
    newest: u64,
}

/// The place of a task that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(NonZeroU64);

/// What a change of the count means for others. Act on it when no lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Change {
    Nothing,
    /// From now on it is too much: the driver has to look who can be ended.
    Exceeded,
    /// There is enough again: wake those who wait.
    Relieved,
}

impl Budget {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max: isize::try_from(max).unwrap_or(isize::MAX),
            held: AtomicIsize::new(0),
            is_exceeded: AtomicBool::new(false),
            waiting: Mutex::default(),
        }
    }

    /// Counts `to` bytes instead of `from`.
    pub(crate) fn shift(&self, from: usize, to: usize) -> Change {
        let more = to.wrapping_sub(from).cast_signed();
        let held = self.held.fetch_add(more, SeqCst).wrapping_add(more);
        if held > self.max && more > 0 {
            let was_exceeded = self.is_exceeded() || self.is_exceeded.swap(true, SeqCst);
            return if was_exceeded { Change::Nothing } else { Change::Exceeded };
        }
        if more < 0 { self.settle(held) } else { Change::Nothing }
    }

    /// Looks whether there is enough again. Whoever sees to an exceeded budget has to ask from time
    /// to time: what is given back in the moment in which it becomes exceeded may go unseen.
    pub(crate) fn review(&self) -> Change {
        self.settle(self.held.load(SeqCst))
    }

    fn settle(&self, held: isize) -> Change {
        let is_enough = held <= self.enough() && self.is_exceeded();
        let is_first = is_enough && self.is_exceeded.swap(false, SeqCst);
        if is_first { Change::Relieved } else { Change::Nothing }
    }

    const fn enough(&self) -> isize {
        self.max - self.max / 8
    }

    /// How much has to be given back until there is enough.
    pub(crate) fn excess(&self) -> usize {
        usize::try_from(self.held.load(SeqCst).saturating_sub(self.enough())).unwrap_or(0)
    }

    /// How many bytes are counted.
    pub(crate) fn held(&self) -> usize {
        usize::try_from(self.held.load(Relaxed)).unwrap_or(0)
    }

    #[inline]
    pub(crate) fn is_exceeded(&self) -> bool {
        self.is_exceeded.load(SeqCst)
    }

    /// Wakes this task when there is enough again. Ask [`is_exceeded`](Self::is_exceeded)
    /// afterwards.
    pub(crate) fn wait(&self, ticket: Option<Ticket>, waker: &Waker) -> Ticket {
        let mut waiting = self.waiting();
        let ticket = ticket.unwrap_or_else(|| {
            waiting.newest = waiting.newest.saturating_add(1);
            Ticket(NonZeroU64::MIN.saturating_add(waiting.newest))
        });
        let displaced = waiting.tasks.insert(ticket, waker.clone());
        drop(waiting);
        drop(displaced);
        ticket
    }

    /// This task waits no more.
    pub(crate) fn forget(&self, ticket: Ticket) {
        let waker = self.waiting().tasks.remove(&ticket);
        drop(waker);
    }

    /// Wakes those who wait.
    pub(crate) fn wake(&self) {
        let tasks = mem::take(&mut self.waiting().tasks);
        tasks.into_values().for_each(Waker::wake);
    }

    /// Nothing under this lock can panic.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
