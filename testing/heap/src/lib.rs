//! An allocator that counts: the heap of the calling thread, and that of the whole process.
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: heap::Counting = heap::Counting;
//!
//! let (text, cost) = heap::cost(|| String::from("seven"));
//! assert_eq!((text.len(), cost.allocations, cost.left), (5, 1, 5));
//! ```
//!
//! Where it isn't the program's allocator, all is zero.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// The system's allocator, with counts, for `#[global_allocator]`.
#[derive(Clone, Copy, Debug)]
pub struct Counting;

/// What a piece of work took of the heap, in bytes. A buffer that grows counts as a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "for tests of this project alone")]
pub struct Cost {
    /// What it left behind.
    pub left: isize,
    /// What it held at its peak.
    pub peak: isize,
    /// What it asked for in all.
    pub total: isize,
    /// How often it asked.
    pub allocations: u64,
}

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static TOTAL: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

static OF_ALL_THREADS: AtomicIsize = AtomicIsize::new(0);

/// What this takes of the heap, on this thread.
pub fn cost<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (live, total, allocations) = (LIVE.get(), TOTAL.get(), ALLOCATIONS.get());
    PEAK.set(live);
    let result = work();
    let cost = Cost {
        left: LIVE.get() - live,
        peak: PEAK.get() - live,
        total: TOTAL.get() - total,
        allocations: ALLOCATIONS.get() - allocations,
    };
    (result, cost)
}

/// The bytes that this thread has in use. One thread's may be freed by another.
#[must_use]
pub fn live() -> isize {
    LIVE.get()
}

/// The bytes that all threads have in use, once their number hasn't changed for half a second.
#[must_use]
pub fn settled() -> isize {
    let mut last = OF_ALL_THREADS.load(Relaxed);
    let mut still = 0;
    while still < 5 {
        thread::sleep(Duration::from_millis(100));
        let now = OF_ALL_THREADS.load(Relaxed);
        still = if now == last { still + 1 } else { 0 };
        last = now;
    }
    last
}

#[expect(unsafe_code, reason = "an allocator needs unsafe code")]
// SAFETY: the system's allocator does everything.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as isize;
        OF_ALL_THREADS.fetch_add(size, Relaxed);
        LIVE.set(LIVE.get() + size);
        PEAK.set(PEAK.get().max(LIVE.get()));
        TOTAL.set(TOTAL.get() + size);
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller upholds the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let size = layout.size() as isize;
        OF_ALL_THREADS.fetch_sub(size, Relaxed);
        LIVE.set(LIVE.get() - size);
        // SAFETY: the caller upholds the contract.
        unsafe { System.dealloc(memory, layout) }
    }
}
