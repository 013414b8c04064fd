//! The tokens of a worker that aren't connections'.

use mio::Token;

/// The listener has a connection.
pub(super) const LISTENER: Token = Token(usize::MAX);

/// There is something in the worker's [`WakeQueue`](crate::wake::WakeQueue).
pub(super) const WAKE: Token = Token(usize::MAX - 1);

/// A deadline of the sessions has moved.
pub(super) const SESSIONS: Token = Token(usize::MAX - 2);

/// Another worker has handed over connections.
pub(super) const HANDOVER: Token = Token(usize::MAX - 3);

/// The server stops.
pub(super) const STOP: Token = Token(usize::MAX - 4);

/// What the caller of [`Worker::turn_until`](super::Worker::turn_until) waits for has moved.
pub(super) const CALLER: Token = Token(usize::MAX - 5);
