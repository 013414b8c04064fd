//! What connections are called, and why they end: on either side of a session.

use crate::close::CloseCode;

/// A request, or the connection that a request was upgraded to, by a number
/// that is not used again within a session. A server's are given by whoever drives it, a
/// client's by the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "the caller makes them")]
pub struct ConnId(pub u64);

/// Why a request or connection can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new failure needs a ruling in the machine")]
pub enum Failure {
    /// The connection is gone: nothing more can be read or written.
    Gone,
    /// The peer closed its WebSocket with this code.
    Closed(CloseCode),
    /// The body or message is longer than [`max_payload`](crate::ServerConfig::max_payload).
    /// The connection can still be written to.
    TooLarge,
    /// What arrived breaks HTTP's or WebSocket's rules. The connection can still be
    /// written to.
    Malformed,
    /// What should have arrived didn't in time. The connection can still be written to.
    TimedOut,
}
