//! Errors of connections, which the session itself doesn't know.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// The last error of a connection. The client's thread notes it, and the thread that connects
/// takes it as the source of its own error.
#[derive(Clone, Debug, Default)]
pub(super) struct LastError(Arc<Mutex<Option<BoxError>>>);

impl LastError {
    pub(super) fn note(&self, error: BoxError) {
        let before = self.lock().replace(error);
        drop(before);
    }

    pub(super) fn take(&self) -> Option<BoxError> {
        self.lock().take()
    }

    /// Nothing that can panic is done under this lock.
    fn lock(&self) -> MutexGuard<'_, Option<BoxError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
