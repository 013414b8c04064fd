//! The harness of the end-to-end tests: a running server, and the smallest peers that can look at
//! its bytes.
//!
//! ```text
//!   Server ── starts the `echo` example on a free port, or is the one in ENGINEIO_E2E_URL
//!     ▲  ▲    Example: any example; bindings: Local, a server inside the test, and Client
//!     │  │
//!     │  └── the raw peers of the crate `peer`, which show the wire and repair nothing
//!     └───── javascript, python: foreign clients, each in its own process; Proxy between them
//!
//!   Remote ── a foreign server, or one that misbehaves, for our clients
//! ```
//!
//! Only [`bindings`] knows the crates under test: any other server is known by its address. Every
//! wait ends after [`LIMIT`], so that a stuck server fails a test instead of hanging it. No test
//! asserts how long something took.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness reports by panicking: each panic is a failed test"
)]

mod binding;
pub mod bindings;
pub mod chromium;
mod cluster;
mod example;
pub mod javascript;
mod member;
mod node;
mod packages;
mod process;
mod programs;
mod proxy;
pub mod python;
mod router;
mod script;
mod server;
mod servers;
mod tls;

pub use binding::Binding;
pub use cluster::ThreeNodes;
pub use example::{Example, cluster_example};
pub use member::{Census, Member};
pub use needs::needs;
pub use node::Node;
pub use process::signal;
pub use programs::require;
pub use proxy::{Proxy, Snippet, Software, free_port};
pub use router::{Places, Route, router};
pub use script::Script;
pub use server::{Options, Server};
pub use servers::Remote;
pub use tls::Certificate;

use core::time::Duration;
use engineio_tokio::{ServerConfig, ServerConfigBuilder};

/// How long a peer waits for anything: far more than two loaded cores need, far less than a CI run
/// has.
pub const LIMIT: Duration = Duration::from_secs(40);

/// The settings of a server inside a test: no heartbeat comes during a test, so that none is missed
/// on loaded cores.
#[must_use]
pub fn patient() -> ServerConfigBuilder {
    let minute = Duration::from_secs(60);
    ServerConfig::builder().ping_interval(minute).ping_timeout(minute)
}

/// Awaits `future`, or fails the test with `what` after [`LIMIT`].
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(output) => output,
        Err(_) => panic!("nothing came for {} s: {what}", LIMIT.as_secs()),
    }
}
