//! An allocator that counts the heap of the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// The system's allocator, with a count of bytes, for `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

#[expect(unsafe_code, reason = "an allocator needs unsafe code")]
// SAFETY: the system's allocator does everything.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: the caller upholds the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller upholds the contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Bytes in use, once their number hasn't changed for half a second. Always zero if [`Counting`]
/// isn't the program's allocator.
#[must_use]
pub fn settled() -> isize {
    let mut last = LIVE.load(Relaxed);
    let mut still = 0;
    while still < 5 {
        thread::sleep(Duration::from_millis(100));
        let now = LIVE.load(Relaxed);
        still = if now == last { still + 1 } else { 0 };
        last = now;
    }
    last
}
