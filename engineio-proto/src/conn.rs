//! The identifiers of connections and the reasons why they fail, on both sides of a session.

use crate::close::CloseCode;

/// Identifies a request, or the connection that a request was upgraded to. A number is not used
/// again within a session. On a server the driver chooses it, on a client the session.
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
    /// The peer broke the rules of HTTP or WebSocket. The connection can still be
    /// written to.
    Malformed,
    /// Data didn't arrive in time. The connection can still be written to.
    TimedOut,
}
