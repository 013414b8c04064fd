//! A server on a socket of its own, and raw peers that show what it says.
//!
//! No test asserts how long something took: waits are bounded generously, and where time itself is
//! the matter it is tokio's paused time.

#[path = "../../../binding-tests/async_server/mod.rs"]
mod async_server;
#[path = "../../../binding-tests/bad_bodies.rs"]
mod bad_bodies;
#[path = "../../../binding-tests/bad_connections.rs"]
mod bad_connections;
mod mounting;
mod paused_time;
#[allow(dead_code, reason = "tests of other bindings use the rest")]
#[path = "../../../binding-tests/peer/mod.rs"]
mod peer;

use std::io;
use std::net::SocketAddr;

use engineio_tokio as engineio;
use engineio_tokio::Server;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use async_server::{POLLING, WEBSOCKET, accept, config, echo, listen};

/// Serves on a free port.
async fn serving<D: Send + Sync + 'static>(
    server: &Server<D>,
) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (address, tokio::spawn(server.serve(listener)))
}
