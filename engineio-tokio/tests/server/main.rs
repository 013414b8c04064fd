//! A server on a socket of its own, and raw peers that show what it says.
//!
//! No test asserts how long something took: waits are bounded generously, and where time itself is
//! the matter it is tokio's paused time.

#[path = "../../../binding-tests/bad_bodies.rs"]
mod bad_bodies;
#[path = "../../../binding-tests/bad_connections.rs"]
mod bad_connections;
mod close;
mod handshake;
mod mounting;
mod paused_time;
#[allow(dead_code, reason = "tests of other bindings use the rest")]
#[path = "../../../binding-tests/peer/mod.rs"]
mod peer;
mod whole_server;

use std::net::SocketAddr;

use engineio_tokio::{Config, ConfigBuilder, Server, Socket};
use tokio::net::TcpListener;

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

/// Serves on a free port.
async fn listen<D: Send + Sync + 'static>(server: &Server<D>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.serve(listener));
    address
}

/// A server that sends every message back.
async fn echo(config: ConfigBuilder) -> (Server, SocketAddr) {
    let server = Server::new(config.build().expect("a legal configuration"));
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    (server, address)
}

async fn accept(server: Server) {
    while let Some(socket) = server.accept().await {
        tokio::spawn(send_back(socket));
    }
}

async fn send_back(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

fn config() -> ConfigBuilder {
    Config::builder()
}
