//! Three nodes of `engineio-tokio`, of which a balancer picks one for each connection: the tests of one
//! server that have to do with where requests go.

use e2e::bindings::per_connection as binding;

#[path = "suite/browser.rs"]
mod browser;
#[path = "suite/conformance/mod.rs"]
mod conformance;
#[path = "suite/javascript_peers.rs"]
mod javascript_peers;
#[path = "suite/jsonp.rs"]
mod jsonp;
#[path = "suite/limits.rs"]
mod limits;
#[path = "suite/own_client.rs"]
mod own_client;
#[path = "suite/python_peers.rs"]
mod python_peers;
#[path = "suite/slow_application.rs"]
mod slow_application;
#[path = "suite/upgrade.rs"]
mod upgrade;
