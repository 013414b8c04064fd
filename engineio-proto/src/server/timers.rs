//! What becomes due.

use crate::time::Instant;

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    Heartbeat,
    Polling(PollingTimer),
    /// The end of a graceful close.
    Close,
    /// The application has to read.
    Stall,
}

/// What polling waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollingTimer {
    /// The client has to show up with a GET.
    Absence,
    /// The body of a POST.
    Body,
    /// The `ok` of a POST, or a GET that may be answered: nothing happens but that
    /// time has passed.
    Answer,
    /// The probe has to get on.
    Upgrade,
}

/// The sooner of two; the first one if they are due at the same time.
pub(super) fn sooner<T>(
    first: Option<(Instant, T)>,
    second: Option<(Instant, T)>,
) -> Option<(Instant, T)> {
    match (first, second) {
        (Some(first), Some(second)) if second.0 < first.0 => Some(second),
        (None, second) => second,
        (first, _) => first,
    }
}
