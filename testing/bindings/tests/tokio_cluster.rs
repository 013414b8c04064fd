//! Nodes of `engineio-tokio` that forward requests to each other.

mod cluster;

use bindings::tokio as engineio;
