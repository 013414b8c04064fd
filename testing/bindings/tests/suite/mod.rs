//! What every binding does.

pub(crate) mod client;
mod server;

use std::net::SocketAddr;

use crate::engineio::{Data, HTTP, Server, ServerConfig, ServerConfigBuilder, Socket, serve};

pub(crate) const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
pub(crate) const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

/// Settings to begin with.
pub(crate) fn config() -> ServerConfigBuilder {
    ServerConfig::builder()
}

/// Serves on a free port.
pub(crate) async fn listen<D: Data>(server: &Server<D>) -> SocketAddr {
    serve(server).await.0
}

/// A server that sends every message back.
pub(crate) async fn echo(config: ServerConfigBuilder) -> (Server, SocketAddr) {
    let server = Server::new(config.build().expect("a legal configuration"));
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    (server, address)
}

/// Accepts all clients, and sends their messages back.
pub(crate) async fn accept(server: Server) {
    while let Some(socket) = server.accept().await {
        tokio::spawn(send_back(socket));
    }
}

/// True, with a printed line, where actix-web decides otherwise before the server sees anything.
pub(crate) fn is_for_actix_web(why: &str) -> bool {
    let is_so = HTTP == "actix-http";
    if is_so {
        println!("left out here: {why}");
    }
    is_so
}

/// True, with a printed line, where an application's pages have the other paths.
pub(crate) fn has_other_pages() -> bool {
    let is_so = HTTP == "hyper";
    if is_so {
        println!("left out here: other paths have pages");
    }
    is_so
}

async fn send_back(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
