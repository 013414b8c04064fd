//! The timers of a session.

/// Something that a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    Heartbeat,
    Polling(PollingTimer),
    /// The end of a graceful close.
    Close,
    /// The application has to read.
    Stall,
}

/// Something that polling waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollingTimer {
    /// The client has to send a GET.
    Absence,
    /// The body of a POST.
    Body,
    /// The `ok` of a POST, or a GET that may be answered: nothing happens but that
    /// time has passed.
    Answer,
    /// The probe has to get on.
    Upgrade,
}
