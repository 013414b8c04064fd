//! Nodes of `engineio-async-std` that forward requests to each other.

mod cluster;

use bindings::async_std as engineio;
