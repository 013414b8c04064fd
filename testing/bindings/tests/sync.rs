//! `engineio-sync` against raw peers that show what it says, and against its own client.
//!
//! No test asserts how long something took: waits are bounded generously.

use bindings::sync as engineio;

mod http1;
mod only_sync;
mod suite;
mod without_http2;
