//! Lists of wakers that are usually one.

use std::task::Waker;

/// Some wakers. The usual one needs no allocation.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Wakers {
    /// Taken if there is any.
    first: Option<Waker>,
    more: Vec<Waker>,
}

impl Wakers {
    pub(crate) const fn new() -> Self {
        Self { first: None, more: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.more.push(waker);
        }
    }

    /// Adds a task, unless it is there already.
    pub(crate) fn register(&mut self, waker: &Waker) {
        if !self.first.iter().chain(&self.more).any(|known| known.will_wake(waker)) {
            self.push(waker.clone());
        }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    #[inline]
    pub(crate) fn wake(self) {
        if let Some(first) = self.first {
            first.wake();
            self.more.into_iter().for_each(Waker::wake);
        }
    }
}
