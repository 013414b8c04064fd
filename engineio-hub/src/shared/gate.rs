//! What a WebSocket holds of its server's memory, and whether it may be read.

use std::mem;
use std::sync::Arc;
use std::task::Waker;

use engineio_proto::ConnId;

use super::carried::Carried;
use crate::memory::{Budget, FREE, Part, Ticket, is_about, to_count};

/// Counts what a WebSocket holds, and keeps it from being read while that is too much. A client has
/// no budget, and its gate is always open.
pub(crate) struct Gate {
    budget: Option<Arc<Budget>>,
    incoming: usize,
    outgoing: usize,
    /// Set while it is shut.
    ticket: Option<Ticket>,
}

impl Gate {
    pub(crate) fn new(session: &dyn Carried) -> Self {
        Self { budget: session.budget().cloned(), incoming: 0, outgoing: 0, ticket: None }
    }

    /// Counts the memory of the message that has come in part.
    #[inline]
    pub(crate) fn count_incoming(&mut self, session: &dyn Carried, held: usize) {
        if !is_about(self.incoming, held) {
            recount(session, Part::Incoming, &mut self.incoming, held);
        }
    }

    /// Counts what waits to be written.
    #[inline]
    pub(crate) fn count_outgoing(&mut self, session: &dyn Carried, held: usize) {
        if !is_about(self.outgoing, held) {
            recount(session, Part::Outgoing, &mut self.outgoing, held);
        }
    }

    /// Whether it shows when something was written.
    #[inline]
    pub(crate) const fn has_outgoing(&self) -> bool {
        self.outgoing > 0
    }

    /// The WebSocket holds nothing more.
    pub(crate) fn end(&mut self, session: &dyn Carried) {
        self.count_incoming(session, 0);
        self.count_outgoing(session, 0);
        self.open();
    }

    /// Whether all sessions together hold too much.
    #[inline]
    pub(crate) fn is_exceeded(&self) -> bool {
        self.budget.as_ref().is_some_and(|budget| budget.is_exceeded())
    }

    /// How many bytes may be read. `None`: the task is woken when that may have changed.
    ///
    /// A session that holds next to nothing is read in small pieces, so that its small messages go
    /// on.
    pub(crate) fn poll(
        &mut self,
        session: &dyn Carried,
        conn: ConnId,
        waker: &Waker,
    ) -> Option<usize> {
        let Some(budget) = &self.budget else { return Some(usize::MAX) };
        if budget.is_exceeded() && session.holds_memory() {
            self.ticket = Some(budget.wait(self.ticket, waker));
            // It may have been relieved before the task was registered.
            if budget.is_exceeded() && session.hold_input(conn, Some(waker)) {
                return None;
            }
        }
        let most = if budget.is_exceeded() { FREE } else { usize::MAX };
        if self.ticket.is_some() {
            session.hold_input(conn, None);
            self.open();
        }
        Some(most)
    }

    fn open(&mut self) {
        if let (Some(budget), Some(ticket)) = (&self.budget, self.ticket.take()) {
            budget.forget(ticket);
        }
    }
}

#[cold]
fn recount(session: &dyn Carried, part: Part, counted: &mut usize, held: usize) {
    let from = mem::replace(counted, to_count(held));
    session.shift(part, from, *counted);
}
