//! Queues that hold nothing or one element nearly always.

use alloc::collections::VecDeque;
use core::mem;

/// A queue with room for one element by itself, and a ring for more.
///
/// Of most sessions one message at most is under way, and a ring is memory far from the rest of the
/// session: with thousands of sessions each message would wait for it.
#[derive(Debug)]
pub(crate) enum Queue<T> {
    Short(Option<T>),
    Long(VecDeque<T>),
}

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self::Short(None)
    }

    #[inline(always)]
    pub(crate) fn push_back(&mut self, element: T) {
        match self {
            Self::Short(only) if only.is_none() => *only = Some(element),
            Self::Short(only) => {
                let first = only.take();
                *self = Self::long(first.into_iter().chain([element]));
            }
            Self::Long(ring) => ring.push_back(element),
        }
    }

    pub(crate) fn push_front(&mut self, element: T) {
        match self {
            Self::Short(only) if only.is_none() => *only = Some(element),
            Self::Short(only) => {
                let last = only.take();
                *self = Self::long([element].into_iter().chain(last));
            }
            Self::Long(ring) => ring.push_front(element),
        }
    }

    #[inline(always)]
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        match self {
            Self::Short(only) => only.take(),
            Self::Long(ring) => {
                let first = ring.pop_front();
                if ring.is_empty() {
                    self.emptied();
                }
                first
            }
        }
    }

    #[inline]
    pub(crate) fn front(&self) -> Option<&T> {
        match self {
            Self::Short(only) => only.as_ref(),
            Self::Long(ring) => ring.front(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let (only, ring) = match self {
            Self::Short(only) => (only.as_ref(), None),
            Self::Long(ring) => (None, Some(ring)),
        };
        only.into_iter().chain(ring.into_iter().flatten())
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Short(only) => only.iter().len(),
            Self::Long(ring) => ring.len(),
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Short(only) => only.is_none(),
            Self::Long(ring) => ring.is_empty(),
        }
    }

    /// Moves the first elements, at least one, to the end of `others`; the ring, too, if these are
    /// all.
    pub(crate) fn move_to(&mut self, others: &mut VecDeque<T>, count: usize) {
        match self {
            Self::Short(only) => others.extend(only.take()),
            Self::Long(ring) if others.is_empty() && count == ring.len() => {
                mem::swap(ring, others);
                self.emptied();
            }
            Self::Long(ring) => {
                others.extend(ring.drain(..count));
                if ring.is_empty() {
                    self.emptied();
                }
            }
        }
    }

    /// Takes back a ring, which is empty, for the elements to come.
    pub(crate) fn reuse(&mut self, ring: VecDeque<T>) {
        if self.is_empty() && (1..=KEPT_CAPACITY).contains(&ring.capacity()) {
            *self = Self::Long(ring);
        }
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        match self {
            Self::Short(only) => {
                only.take_if(|element| !keep(element));
            }
            Self::Long(ring) => {
                ring.retain(keep);
                if ring.is_empty() {
                    self.emptied();
                }
            }
        }
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        if let Self::Long(ring) = self {
            ring.shrink_to_fit();
        }
    }

    /// A ring of these elements, and room for more.
    #[cold]
    fn long(elements: impl Iterator<Item = T>) -> Self {
        let mut ring = VecDeque::with_capacity(FIRST_CAPACITY);
        ring.extend(elements);
        Self::Long(ring)
    }

    /// Gives up the ring if it has become large. Otherwise the next elements come to its beginning,
    /// not to where no others have been for long.
    #[inline]
    fn emptied(&mut self) {
        if let Self::Long(ring) = self {
            if ring.capacity() > KEPT_CAPACITY || ring.capacity() == 0 {
                *self = Self::new();
            } else {
                ring.clear();
            }
        }
    }
}

/// The room of a new ring.
const FIRST_CAPACITY: usize = 4;

/// A ring that has become longer than this is given up when it is empty.
const KEPT_CAPACITY: usize = 32;
