//! A queue of bytes that releases its memory.

use std::cell::Cell;
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
    #[inline]
    pub(super) fn reserve(&mut self, additional: usize) -> &mut Vec<u8> {
        if self.bytes.capacity() - self.bytes.len() < additional {
            self.grow(additional);
        }
        &mut self.bytes
    }

    fn grow(&mut self, additional: usize) {
        if self.bytes.capacity() == 0 {
            self.bytes = take_spare();
        }
        if self.bytes.capacity() - self.bytes.len() < additional {
            self.bytes.reserve(additional.max(SMALL));
        }
    }

    /// Takes out `count` bytes, or all of them if there are fewer.
    pub(super) fn take_out(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count);
        let left = self.len();
        if left == 0 {
            keep_spare(mem::take(self).bytes);
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

thread_local! {
    /// The memory of a buffer that became empty, for the next one of this thread: most buffers
    /// exist for the time between two system calls.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn take_spare() -> Vec<u8> {
    SPARE.try_with(Cell::take).unwrap_or_default()
}

fn keep_spare(mut bytes: Vec<u8>) {
    if (1..=MOST_SPARE).contains(&bytes.capacity()) {
        bytes.clear();
        // While the thread ends there is no place for it.
        let _ = SPARE.try_with(|spare| spare.set(bytes));
    }
}

/// Bytes that aren't worth giving back before the buffer is empty.
const SMALL: usize = 512;

/// The capacity that a thread keeps.
const MOST_SPARE: usize = 4096;
