//! The bindings, with the same names and the same shape, so that one set of tests serves all.
//!
//! Each module has the whole API of its binding, and `serve`, which serves on a free port. The
//! blocking handles of [`sync`](mod@sync) are wrapped here: they wait in threads, so that a test
//! can wait for several things at once.

#![expect(clippy::missing_panics_doc, reason = "each panic is a failed test")]

pub mod actix;
pub mod async_std;
pub mod async_std_beside_pages;
pub mod sync;
pub mod tokio;
