//! A server on a socket of its own, and raw peers that show what it says.
//!
//! No test asserts how long something took: waits are bounded generously.

#[path = "../../../binding-tests/async_server/mod.rs"]
mod async_server;
#[path = "../../../binding-tests/bad_bodies.rs"]
mod bad_bodies;
#[path = "../../../binding-tests/bad_connections.rs"]
mod bad_connections;
mod close;
mod listeners;
mod mounting;
#[allow(dead_code, reason = "tests of other bindings use the rest")]
#[path = "../../../binding-tests/peer/mod.rs"]
mod peer;
mod streams;

use std::io;
use std::net::{SocketAddr, TcpListener};

use async_io::Async;
use engineio_async_std as engineio;
use engineio_async_std::Server;
use tokio::task::JoinHandle;

use async_server::{POLLING, WEBSOCKET, accept, config, echo};

/// A free port.
fn bind() -> (Async<TcpListener>, SocketAddr) {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
    let address = listener.get_ref().local_addr().expect("an address");
    (listener, address)
}

/// Serves on a free port.
async fn serving<D: Send + Sync + 'static>(
    server: &Server<D>,
) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let (listener, address) = bind();
    (address, tokio::spawn(server.serve(listener)))
}
