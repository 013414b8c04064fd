//! What is tokio's: the frameworks that a server mounts under, HTTP/2, and time that tests can pause.

mod http2;
mod idle_http2;
mod mounting;
mod paused_time;

use std::net::SocketAddr;

use axum::Router;
use bindings::tokio::{Server, ServerConfig};
use tokio::net::TcpListener;

use crate::suite::accept;

fn new_echo(config: ServerConfig) -> Server {
    let server = Server::new(config);
    tokio::spawn(accept(server.clone()));
    server
}

async fn serve_axum(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
