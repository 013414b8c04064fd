//! Giving way to others in the middle of long work.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Makes a future that is ready after other tasks, and what waits for input, have had their turn.
pub type Yield = fn() -> Others;

/// Ready when the others have had their turn.
pub type Others = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The turns of one task and of all others.
pub(crate) struct Turns {
    yield_turn: Yield,
    others: Option<Others>,
}

impl Turns {
    pub(crate) const fn new(yield_turn: Yield) -> Self {
        Self { yield_turn, others: None }
    }

    /// Ends this task's turn: it goes on when [`poll`](Self::poll) is ready.
    #[cold]
    pub(crate) fn end(&mut self) {
        self.others = Some((self.yield_turn)());
    }

    /// Whether the others have their turn.
    pub(crate) const fn are_others(&self) -> bool {
        self.others.is_some()
    }

    /// Ready unless the others still have their turn.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.others.is_none() { Poll::Ready(()) } else { self.poll_others(cx) }
    }

    #[cold]
    fn poll_others(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(others) = &mut self.others {
            ready!(others.as_mut().poll(cx));
            self.others = None;
        }
        Poll::Ready(())
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").field("others", &self.others.is_some()).finish_non_exhaustive()
    }
}
