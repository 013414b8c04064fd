//! `engineio-tokio` against raw peers that show what it says, and against its own client.
//!
//! No test asserts how long something took: waits are bounded generously, and where time itself is
//! the matter it is tokio's paused time.

use bindings::tokio as engineio;

mod http1;
mod only_futures;
mod only_tokio;
mod suite;
