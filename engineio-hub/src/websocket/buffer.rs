//! A queue of bytes that releases its memory.

use std::mem;

/// Bytes put in at the end and taken out at the front.
///
/// An empty buffer holds no heap memory. Otherwise its capacity is at most a small multiple of its
/// content, or a few KiB. However the bytes are cut, no more are moved than are taken out.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// How many bytes at the front of `bytes` were taken already.
    taken: usize,
}

impl Buffer {
    /// Its content.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len().saturating_sub(self.taken)
    }

    /// The end of the buffer, to append up to `additional` bytes.
    pub(super) fn reserve(&mut self, additional: usize) -> &mut Vec<u8> {
        if self.bytes.capacity() - self.bytes.len() < additional {
            self.bytes.reserve(additional.max(SMALL));
        }
        &mut self.bytes
    }

    /// Takes out all of it.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let Self { mut bytes, taken } = mem::take(self);
        bytes.drain(..taken);
        bytes
    }

    /// Takes out `count` bytes, or all of them if there are fewer.
    pub(super) fn take_out(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count);
        let left = self.len();
        if left == 0 {
            *self = Self::default();
        } else if self.taken >= left {
            self.bytes.drain(..self.taken);
            self.taken = 0;
            let enough = left.max(SMALL);
            if self.bytes.capacity() / 4 > enough {
                self.bytes.shrink_to(enough * 2);
            }
        }
    }
}

/// Bytes that aren't worth giving back before the buffer is empty.
const SMALL: usize = 512;
