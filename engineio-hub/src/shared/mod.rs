//! A session that several tasks share, whichever side's it is.
//!
//! [`Shared`](session::Shared) is the session behind its lock; all that happens to it happens in
//! a turn. Waiters are woken when the turn is over. [`Framed`](framed::Framed) carries the
//! session's WebSocket, [`waits`] has the futures of its handles.

pub(crate) mod framed;
pub(crate) mod linger;
pub(crate) mod session;
pub(crate) mod waiters;
pub(crate) mod waits;
