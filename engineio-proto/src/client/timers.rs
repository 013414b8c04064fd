//! The timers of a session.

/// Something that a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The handshake.
    Open,
    Heartbeat,
    /// The probe has to get on.
    Upgrade,
    /// The end of a graceful close.
    Close,
}
