//! A client whose handles are asynchronous, against its binding's own server and against scripts,
//! over real sockets.

mod connecting;
mod cookies;
mod hostile;
pub(crate) mod proxy;
mod talking;

use std::time::Duration;

use crate::engineio;
use crate::engineio::{
    Client, ClientOptions, Server, ServerConfig, ServerConfigBuilder, Socket, Transport,
};
use crate::listen;

/// A server, and a client about to connect to it.
async fn pair(config: ServerConfigBuilder) -> (Server, ClientOptions) {
    let server = Server::new(config.build().expect("a legal configuration"));
    let address = listen(&server).await;
    (server, ClientOptions::new(&format!("http://{address}")))
}

fn config() -> ServerConfigBuilder {
    ServerConfig::builder()
}

/// Both ends of a session.
async fn connected(server: &Server, client: ClientOptions) -> (Client, Socket) {
    let (client, socket) =
        within(async { tokio::join!(engineio::connect(client), server.accept()) }).await;
    (client.expect("a session"), socket.expect("a client"))
}

/// Fails when it takes far too long.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("ready within 20 s")
}

pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    within(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// Both transports, and both in turn.
pub(crate) const WAYS: [&[Transport]; 3] =
    [&[Transport::Polling], &[Transport::WebSocket], &[Transport::Polling, Transport::WebSocket]];
