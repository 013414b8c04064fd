//! Memory for large payloads, used again and again.
//!
//! Allocators give the memory of a large payload back to the system, which has to map and clear it
//! page by page for the next one. That costs more than all copies of the payload.

use std::cell::RefCell;

use bytes::Bytes;

/// Memory for a payload of this length, if there is some to use again, with bytes of earlier ones in
/// it. It isn't much larger: a payload must not hold more than is counted for it.
pub(super) fn memory(length: usize) -> Vec<u8> {
    if length < SMALLEST {
        return Vec::new();
    }
    let fits = |spare: &Vec<u8>| (length..=length.saturating_mul(2)).contains(&spare.capacity());
    let found = SPARES.try_with(|spares| {
        let mut spares = spares.borrow_mut();
        let place = spares.iter().position(fits)?;
        Some(spares.swap_remove(place))
    });
    found.ok().flatten().unwrap_or_default()
}

/// Empty memory for a payload of this length.
#[inline]
pub(super) fn empty(length: usize) -> Vec<u8> {
    if length < SMALLEST {
        // The usual length, without a call.
        return Vec::with_capacity(length);
    }
    let mut memory = memory(length);
    memory.clear();
    memory.reserve_exact(length);
    memory
}

/// A payload. If it is large, its memory goes to the thread that drops it last.
pub(super) fn share(payload: Vec<u8>) -> Bytes {
    if (SMALLEST..=LARGEST).contains(&payload.capacity()) {
        Bytes::from_owner(Large(payload))
    } else {
        payload.into()
    }
}

struct Large(Vec<u8>);

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.0);
        // While the thread ends there is no place for it.
        let _ = SPARES.try_with(|spares| {
            let mut spares = spares.borrow_mut();
            if spares.len() < MOST {
                spares.push(memory);
            }
        });
    }
}

/// Gives memory back to the allocator, but for the memory of [`KEPT`] payloads: there is one
/// WebSocket less that needs it.
pub(super) fn release() {
    // While the thread ends there is nothing to give back.
    let _ = SPARES.try_with(|spares| spares.borrow_mut().truncate(KEPT));
}

thread_local! {
    static SPARES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Below, allocators keep the memory themselves.
const SMALLEST: usize = 64 << 10;

/// Above, memory isn't kept.
const LARGEST: usize = 1 << 20;

/// How many payloads' memory a thread keeps while its WebSockets stay open: as many as are often
/// under way at once.
const MOST: usize = 16;

/// How many of them it keeps when a WebSocket ends.
const KEPT: usize = 4;
