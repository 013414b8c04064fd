//! `engineio-sync` when connections break, peers stand still, and clients are slow.

mod faults;

use bindings::sync as engineio;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;
