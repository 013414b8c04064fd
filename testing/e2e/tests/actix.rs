//! `engineio-actix` against all peers: the tests in `suite`, which are the same for each binding.

use e2e::bindings::actix as binding;

mod suite;
