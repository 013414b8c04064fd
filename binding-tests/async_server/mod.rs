//! What an application does with a server whose handles are asynchronous.

mod close;
mod handshake;
mod whole_server;

use std::net::SocketAddr;

use crate::engineio::{Server, ServerConfig, ServerConfigBuilder, Socket};
use crate::serving;

pub(crate) const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
pub(crate) const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

/// Serves on a free port.
pub(crate) async fn listen<D: Send + Sync + 'static>(server: &Server<D>) -> SocketAddr {
    serving(server).await.0
}

/// A server that sends every message back.
pub(crate) async fn echo(config: ServerConfigBuilder) -> (Server, SocketAddr) {
    let server = Server::new(config.build().expect("a legal configuration"));
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    (server, address)
}

pub(crate) async fn accept(server: Server) {
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

pub(crate) fn config() -> ServerConfigBuilder {
    ServerConfig::builder()
}
