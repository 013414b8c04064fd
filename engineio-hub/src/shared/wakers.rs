//! Lists of wakers that are usually one.

use std::mem;
use std::slice;
use std::task::Waker;

/// Some wakers. The usual one needs no allocation.
#[derive(Debug, Default)]
#[must_use]
pub(crate) enum Wakers {
    #[default]
    None,
    One(Waker),
    /// Two or more.
    Many(Vec<Waker>),
}

impl Wakers {
    pub(crate) const fn new() -> Self {
        Self::None
    }

    #[inline]
    pub(crate) fn push(&mut self, waker: Waker) {
        *self = match mem::take(self) {
            Self::None => Self::One(waker),
            Self::One(first) => Self::Many(vec![first, waker]),
            Self::Many(mut all) => {
                all.push(waker);
                Self::Many(all)
            }
        };
    }

    /// Adds a task, unless it is there already.
    pub(crate) fn register(&mut self, waker: &Waker) {
        if !self.as_slice().iter().any(|known| known.will_wake(waker)) {
            self.push(waker.clone());
        }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    #[inline]
    pub(crate) fn wake(self) {
        match self {
            Self::None => {}
            Self::One(waker) => waker.wake(),
            Self::Many(all) => all.into_iter().for_each(Waker::wake),
        }
    }

    fn as_slice(&self) -> &[Waker] {
        match self {
            Self::None => &[],
            Self::One(waker) => slice::from_ref(waker),
            Self::Many(all) => all,
        }
    }
}
