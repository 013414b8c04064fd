//! A client against this crate's own server, over real sockets.
#![cfg(feature = "client")]

mod connecting;
mod cookies;
mod hostile;
mod proxy;
mod talking;

use std::net::SocketAddr;
use std::time::Duration;

use engineio_tokio::{Client, ClientBuilder, Config, ConfigBuilder, Server, Socket, Transport};
use tokio::net::TcpListener;

/// Serves on a free port.
async fn listen<D: Send + Sync + 'static>(server: &Server<D>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.serve(listener));
    address
}

/// A server, and a client about to connect to it.
async fn pair(config: ConfigBuilder) -> (Server, ClientBuilder) {
    let server = Server::new(config.build().expect("a legal configuration"));
    let address = listen(&server).await;
    (server, Client::builder(&format!("http://{address}")))
}

fn config() -> ConfigBuilder {
    Config::builder()
}

/// Both ends of a session.
async fn connected(server: &Server, client: ClientBuilder) -> (Client, Socket) {
    let (client, socket) = within(async { tokio::join!(client.connect(), server.accept()) }).await;
    (client.expect("a session"), socket.expect("a client"))
}

/// Fails when it takes far too long.
async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("ready within 20 s")
}

async fn until(mut is_so: impl FnMut() -> bool) {
    within(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// Both transports, and both in turn.
const WAYS: [&[Transport]; 3] =
    [&[Transport::Polling], &[Transport::WebSocket], &[Transport::Polling, Transport::WebSocket]];
