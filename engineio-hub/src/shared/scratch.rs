//! Memory for reading that a thread's connections share.

use std::cell::RefCell;

use super::fairness::LONGEST_READ;

/// Lends this thread's memory for reading, [`LONGEST_READ`] bytes, so that a connection that waits
/// holds none. What is in it is undefined, and a call within another one gets memory of its own.
pub fn with_scratch<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    thread_local! {
        static FREE: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
    }
    let free = FREE.with_borrow_mut(Vec::pop);
    let mut scratch = free.unwrap_or_else(new_scratch);
    let result = read(&mut scratch);
    FREE.with_borrow_mut(|free| free.push(scratch));
    result
}

#[cold]
fn new_scratch() -> Box<[u8]> {
    vec![0; LONGEST_READ].into_boxed_slice()
}
