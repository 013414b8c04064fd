//! `engineio-async-std` against all peers: the tests in `suite`, which are the same for each binding.

use e2e::bindings::async_std as binding;

#[path = "suite/chromium.rs"]
mod chromium;
#[path = "suite/client_hostile.rs"]
mod client_hostile;
#[path = "suite/client_peers.rs"]
mod client_peers;
#[path = "suite/conformance_v3.rs"]
mod conformance_v3;
#[path = "suite/conformance_v4.rs"]
mod conformance_v4;
#[path = "suite/javascript_peers.rs"]
mod javascript_peers;
#[path = "suite/limits.rs"]
mod limits;
#[path = "suite/python_peers.rs"]
mod python_peers;
#[path = "suite/slow_application.rs"]
mod slow_application;
#[path = "suite/upgrade.rs"]
mod upgrade;
