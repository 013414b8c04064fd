//! Why a handle has nothing to give now.

/// What a call found that doesn't wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else to find")]
pub enum TryRecvError {
    /// Nothing is there now. It may come later.
    #[error("nothing has arrived yet")]
    Empty,
    /// Nothing will come any more: the session has ended, or the server has closed.
    #[error("nothing will arrive any more")]
    Closed,
}

/// What a call found that waits for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else to find")]
pub enum RecvTimeoutError {
    /// Nothing came in time. It may come later.
    #[error("nothing arrived in time")]
    TimedOut,
    /// Nothing will come any more: the session has ended, or the server has closed.
    #[error("nothing will arrive any more")]
    Closed,
}
