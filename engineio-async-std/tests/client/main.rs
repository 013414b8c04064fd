//! A client against this crate's own server, over real sockets.
#![cfg(feature = "client")]

#[path = "../../../binding-tests/async_client/mod.rs"]
mod async_client;
mod connections;
#[cfg(feature = "tls")]
mod tls;

use std::net::{SocketAddr, TcpListener};

use async_io::Async;
use engineio_async_std as engineio;
use engineio_async_std::Server;

/// Serves on a free port.
async fn listen<D: Send + Sync + 'static>(server: &Server<D>) -> SocketAddr {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
    let address = listener.get_ref().local_addr().expect("an address");
    tokio::spawn(server.serve(listener));
    address
}
