//! Nodes of `engineio-tokio` that forward requests to each other.

#[path = "only_tokio/http2/client.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod client;
mod cluster;
#[path = "cluster/http2.rs"]
mod http2;
#[path = "cluster/threads.rs"]
mod threads;

use bindings::tokio as engineio;
