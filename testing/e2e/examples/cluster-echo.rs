//! A cluster of three servers in one process that send every message back, behind a balancer that
//! picks any of them. It takes the options of the bindings' `echo` examples.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use e2e::{Route, ThreeNodes};
use engineio_tokio::{Cors, ServerConfig, Socket};

#[derive(Parser)]
struct Options {
    /// Pick one for each request, and not for each connection.
    #[arg(long)]
    per_request: bool,
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    ping_interval: u64,
    #[arg(long)]
    ping_timeout: u64,
    #[arg(long)]
    max_payload: usize,
    #[arg(long)]
    any_origin: bool,
    #[arg(long)]
    compress_from: Option<usize>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::parse();
    let config = ServerConfig::builder()
        .ping_interval(Duration::from_millis(options.ping_interval))
        .ping_timeout(Duration::from_millis(options.ping_timeout))
        .max_payload(options.max_payload)
        .websocket_compression(options.compress_from.is_some())
        .websocket_compression_threshold(options.compress_from.unwrap_or(1024))
        .cors(if options.any_origin { Cors::Any } else { Cors::SameOrigin });
    let route = if options.per_request { Route::Request } else { Route::Connection };
    let nodes = ThreeNodes::start(options.listen, config, route).await;
    println!("listening on http://{}", nodes.address());
    while let Some(socket) = nodes.accept().await {
        tokio::spawn(echo(socket));
    }
}

async fn echo(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
