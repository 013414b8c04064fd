//! What clients leave behind, and what idle ones cost, counted by the allocator.
//!
//! The clients are blocking sockets in the same process that allocate nothing that stays, so what
//! is counted is the server's: this crate's, hyper's and tokio's.

mod idle;
mod leaks;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

#[expect(unsafe_code, reason = "an allocator can't be written without")]
// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes of heap in use.
fn live() -> isize {
    LIVE.load(Relaxed)
}

/// The heap when it has stood still for longer than any of the server's time-outs.
fn settled() -> isize {
    let mut last = live();
    let mut still = 0;
    while still < 5 {
        thread::sleep(Duration::from_millis(100));
        let now = live();
        still = if now == last { still + 1 } else { 0 };
        last = now;
    }
    last
}

/// One count serves the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
