//! `engineio-async-std` against raw peers that show what it says, and against its own client.
//!
//! No test asserts how long something took: waits are bounded generously.

use bindings::async_std as engineio;

mod http1;
mod only_async_std;
mod only_futures;
mod suite;
mod without_http2;
