//! Answers that are being written.

use std::sync::Arc;

use bytes::Bytes;

use super::budget::{Budget, Change};
use super::{FREE, to_count};

/// The body of an answer that counts until the binding drops it, when it is written or its
/// connection is gone.
struct Counted {
    body: Bytes,
    budget: Arc<Budget>,
}

/// Counts this body from now on, unless it is short.
pub(crate) fn count_answer(budget: &Arc<Budget>, body: Bytes) -> (Bytes, Change) {
    if body.len() <= FREE {
        return (body, Change::Nothing);
    }
    let change = budget.shift(0, to_count(body.len()));
    let budget = Arc::clone(budget);
    (Bytes::from_owner(Counted { body, budget }), change)
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.budget.shift(to_count(self.body.len()), 0) == Change::Relieved {
            self.budget.wake();
        }
    }
}
