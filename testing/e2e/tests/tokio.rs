//! `engineio-tokio` against all peers: the tests in `suite`, which are the same for each binding.

use e2e::bindings::tokio as binding;

mod only_tokio;
mod suite;
