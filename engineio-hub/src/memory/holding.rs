//! What one session holds.

use std::sync::Arc;

use super::budget::{Budget, Change};
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};

/// What is counted of one session and its connections. Dropping it gives back what is left.
pub(crate) struct Holding {
    budget: Arc<Budget>,
    parts: [Gauge; 3],
    is_shed: AtomicBool,
}

/// A part of what a session holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// Messages that wait for the application or for the client.
    Queues,
    /// Bodies and messages that have come in part.
    Incoming,
    /// What the client doesn't take.
    Outgoing,
}

#[derive(Default)]
struct Gauge {
    counted: AtomicUsize,
    /// How often something was given back.
    departures: AtomicU32,
}

impl Holding {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        let (budget, parts) = (Arc::clone(budget), Default::default());
        Self { budget, parts, is_shed: AtomicBool::new(false) }
    }

    /// What is counted of this part.
    #[inline]
    pub(crate) fn counted(&self, part: Part) -> usize {
        self.gauge(part).counted.load(Relaxed)
    }

    /// How often this part gave something back.
    pub(crate) fn departures(&self, part: Part) -> u32 {
        self.gauge(part).departures.load(Relaxed)
    }

    /// Counts `to` bytes of this part instead of `from`.
    pub(crate) fn shift(&self, part: Part, from: usize, to: usize) -> Change {
        let gauge = self.gauge(part);
        gauge.counted.fetch_add(to.wrapping_sub(from), Relaxed);
        if to < from {
            gauge.departures.fetch_add(1, Relaxed);
        }
        self.budget.shift(from, to)
    }

    /// Whether anything is counted.
    pub(crate) fn is_any(&self) -> bool {
        self.parts.iter().any(|gauge| gauge.counted.load(Relaxed) > 0)
    }

    /// The session ends for want of memory.
    pub(crate) fn shed(&self) {
        self.is_shed.store(true, Relaxed);
    }

    pub(crate) fn is_shed(&self) -> bool {
        self.is_shed.load(Relaxed)
    }

    const fn gauge(&self, part: Part) -> &Gauge {
        let [queues, incoming, outgoing] = &self.parts;
        match part {
            Part::Queues => queues,
            Part::Incoming => incoming,
            Part::Outgoing => outgoing,
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let left = self.parts.iter().map(|gauge| gauge.counted.load(Relaxed)).sum();
        if left > 0 && self.budget.shift(left, 0) == Change::Relieved {
            self.budget.wake();
        }
    }
}
