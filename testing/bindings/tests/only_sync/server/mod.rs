//! A server whose handles block, with an HTTP/1.1 of its own.

mod blocking;
mod close;
mod driver;
mod events;
mod fallback;
mod handshake;
mod observer;
mod slow;

use std::net::SocketAddr;
use std::thread;

use engineio_sync::{Server, ServerBuilder, ServerConfig, ServerConfigBuilder, Socket};

use crate::suite::{POLLING, WEBSOCKET, config};

fn bind(builder: ServerBuilder) -> (Server, SocketAddr) {
    let server = builder.bind("127.0.0.1:0").expect("a free port");
    let address = server.local_addr();
    (server, address)
}

/// A server that sends every message back.
async fn echo(config: ServerConfigBuilder) -> (Server, SocketAddr) {
    echo_with(Server::builder(config.build().expect("a legal configuration")))
}

fn echo_with(builder: ServerBuilder) -> (Server, SocketAddr) {
    let (server, address) = bind(builder);
    let accepting = server.clone();
    thread::spawn(move || {
        while let Some(socket) = accepting.accept() {
            thread::spawn(|| send_back(socket));
        }
    });
    (server, address)
}

fn send_back(mut socket: Socket) {
    while let Some(message) = socket.recv() {
        if socket.send(message).is_err() {
            break;
        }
    }
}

/// Handles may go from thread to thread.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Server>();
    shared::<Socket>();
    shared::<engineio_sync::Sender>();
    shared::<engineio_sync::Incoming>();
    shared::<engineio_sync::Events>();
    shared::<engineio_sync::Client>();
};

fn builder() -> ServerBuilder {
    Server::builder(ServerConfig::default())
}
