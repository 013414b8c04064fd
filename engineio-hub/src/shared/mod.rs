//! A session that several tasks share, whichever side's it is.

pub(crate) mod framed;
pub(crate) mod line;
pub(crate) mod linger;
pub(crate) mod waiters;
pub(crate) mod waits;
