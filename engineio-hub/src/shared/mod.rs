//! A session that several tasks share, on either side.
//!
//! [`Shared`](session::Shared) is the session behind its lock. Everything happens in turns, and
//! waiters are woken after a turn. [`Framed`](framed::Framed) carries the session's WebSocket,
//! [`waits`] has the futures of its handles.

pub(crate) mod alarm;
pub(crate) mod carried;
pub(crate) mod fairness;
pub(crate) mod framed;
pub(crate) mod gate;
pub(crate) mod intake;
pub(crate) mod later;
pub(crate) mod scratch;
pub(crate) mod session;
pub(crate) mod task;
pub(crate) mod waiters;
pub(crate) mod waits;
pub(crate) mod wakers;
