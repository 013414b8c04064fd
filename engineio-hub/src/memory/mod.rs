//! What all clients of a server together make it hold, and its bound.
//!
//! A [`Holding`] counts for one session. What its parts hold is compared with what is counted of it
//! wherever that changes, without an atomic operation, and only a difference of some KiB goes to
//! the [`Budget`] that all sessions share. So a small message touches nothing shared.
//!
//! While the budget is exceeded, a [`Gate`](crate::shared::gate::Gate) keeps a WebSocket from being
//! read, a [`Seat`](crate::Seat) refuses bodies, and the server's driver ends sessions
//! (`server/relief.rs`).

mod answer;
mod budget;
mod holding;

pub(crate) use answer::count_answer;
pub(crate) use budget::{Budget, Change, Ticket};
pub(crate) use holding::{Holding, Part};

/// What each part of a session may hold uncounted, in bytes: more than most messages, and little
/// beside what a connection costs by itself.
pub(crate) const FREE: usize = 2 * STEP;

/// The step in which is counted, in bytes.
const STEP: usize = 2 << 10;

/// Whether what is counted of a part is about what it holds.
#[inline]
pub(crate) const fn is_about(counted: usize, held: usize) -> bool {
    held.wrapping_sub(counted) <= FREE
}

/// What to count of a part that holds so much. It may then grow and shrink by a step.
pub(crate) const fn to_count(held: usize) -> usize {
    held.saturating_sub(STEP) / STEP * STEP
}
