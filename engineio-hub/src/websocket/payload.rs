//! The payload of a message that is being received.

use super::{large, mask};

/// What has come of a payload, and room for more.
///
/// The memory grows with what has arrived, never with what is only declared. What the thread has kept
/// of earlier payloads is taken as soon as the length is known.
#[derive(Default)]
pub(super) struct Growing {
    /// What has come, and then bytes without a meaning: memory that was used before keeps them, so
    /// that it needn't be cleared again.
    bytes: Vec<u8>,
    filled: usize,
}

impl Growing {
    /// Begins a payload, of which a frame of this length is known.
    pub(super) fn new(length: usize) -> Self {
        Self { bytes: large::memory(length), filled: 0 }
    }

    /// How many bytes have come.
    pub(super) const fn len(&self) -> usize {
        self.filled
    }

    /// The memory that it holds.
    pub(super) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for `count` bytes more: four times what has come, but no more than `longest`,
    /// which is how long the payload can become.
    pub(super) fn reserve(&mut self, count: usize, longest: usize) {
        let Self { bytes, filled } = self;
        if bytes.capacity() - *filled < count {
            let end = filled.saturating_add(count);
            let enough = end.max(filled.saturating_mul(4).min(longest));
            bytes.truncate(*filled);
            bytes.reserve_exact(enough - *filled);
        }
    }

    /// Copies a part to its end, and unmasks it if there is a key. The room was
    /// [reserved](Self::reserve).
    pub(super) fn append(&mut self, part: &[u8], key: Option<[u8; 4]>) {
        let Self { bytes, filled } = self;
        let end = filled.saturating_add(part.len());
        match (bytes.get_mut(*filled..end), key) {
            (Some(place), Some(key)) => mask::copy(place, key, part),
            (Some(place), None) => place.copy_from_slice(part),
            (None, key) => {
                bytes.truncate(*filled);
                match key {
                    Some(key) => mask::extend(bytes, key, part),
                    None => bytes.extend_from_slice(part),
                }
            }
        }
        *filled = end;
    }

    /// Room for up to `count` bytes at its end, of which [`fill`](Self::fill) says how many have
    /// come.
    pub(super) fn room(&mut self, count: usize, longest: usize) -> &mut [u8] {
        let end = self.filled.saturating_add(count);
        if self.bytes.len() < end {
            self.reserve(count, longest);
            self.bytes.resize(end, 0);
        }
        self.bytes.get_mut(self.filled..end).unwrap_or_default()
    }

    /// Says that the first `count` bytes of the room have come, and gives their place.
    pub(super) fn fill(&mut self, count: usize) -> &mut [u8] {
        let before = self.filled;
        self.filled = before.saturating_add(count).min(self.bytes.len());
        self.bytes.get_mut(before..self.filled).unwrap_or_default()
    }

    /// The whole payload.
    pub(super) fn finish(self) -> Vec<u8> {
        let Self { mut bytes, filled } = self;
        bytes.truncate(filled);
        if bytes.capacity() / 2 > filled {
            bytes.shrink_to_fit();
        }
        bytes
    }
}
