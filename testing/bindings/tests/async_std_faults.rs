//! `engineio-async-std` when connections break, peers stand still, and clients are slow.

mod faults;

use bindings::async_std as engineio;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;
