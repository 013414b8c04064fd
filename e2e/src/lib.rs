//! The harness of the end-to-end tests: a running server, and the smallest peers that can look at
//! its bytes.
//!
//! ```text
//!   Server ── starts the `echo` example on a free port, or is the one in ENGINEIO_E2E_URL
//!     ▲  ▲
//!     │  └── http, Polling, WebSocket: raw peers that show the wire and repair nothing
//!     └───── javascript: the official clients in a Node process
//! ```
//!
//! Nothing here knows the crates under test: a server is known by its address only. Every wait ends
//! after [`LIMIT`], so that a server that stands still fails a test and doesn't hang it; no test
//! asserts how long something took.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness reports by panicking: each panic is a failed test"
)]

pub mod http;
pub mod javascript;
mod polling;
mod revision;
mod server;
mod websocket;

pub use polling::Polling;
pub use revision::Revision;
pub use server::{Options, Server};
pub use websocket::{Received, WebSocket};

use core::time::Duration;

/// How long a peer waits for anything at all: far more than two loaded cores need, far less than a
/// CI run has.
pub const LIMIT: Duration = Duration::from_secs(25);

/// Awaits `future`, or fails the test with `what` after [`LIMIT`].
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(output) => output,
        Err(_) => panic!("nothing came for {} s: {what}", LIMIT.as_secs()),
    }
}
