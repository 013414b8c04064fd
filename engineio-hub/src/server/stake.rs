//! What a request holds of a session's memory.

use std::sync::Arc;

use super::session::ServerSession;
use crate::data::Data;
use crate::memory::{Part, to_count};

/// What is counted of one request. Dropping it gives that back.
pub(crate) struct Stake<D: Data> {
    session: Arc<ServerSession<D>>,
    part: Part,
    counted: usize,
}

impl<D: Data> Stake<D> {
    pub(crate) const fn new(session: Arc<ServerSession<D>>, part: Part) -> Self {
        Self { session, part, counted: 0 }
    }

    pub(crate) const fn counted(&self) -> usize {
        self.counted
    }

    /// Counts what the request holds.
    pub(crate) fn count(&mut self, held: usize) {
        let (from, to) = (self.counted, to_count(held));
        self.counted = to;
        if from != to {
            let side = &self.session.side;
            side.core.noticed(side.holding.shift(self.part, from, to));
        }
    }
}

impl<D: Data> Drop for Stake<D> {
    fn drop(&mut self) {
        self.count(0);
    }
}
