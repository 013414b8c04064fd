//! `engineio-async-std` beside pages, over hyper's HTTP, against raw peers that show what it says.
//!
//! No test asserts how long something took: waits are bounded generously.

use bindings::async_std_beside_pages as engineio;

mod suite;
