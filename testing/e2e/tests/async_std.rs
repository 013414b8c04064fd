//! `engineio-async-std` against all peers: the tests in `suite`, which are the same for each binding.

use e2e::bindings::async_std as binding;

mod suite;
