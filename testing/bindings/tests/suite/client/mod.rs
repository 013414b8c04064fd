//! A client, against its binding's own server and against scripts, over real sockets.

mod connecting;
mod cookies;
mod hostile;
pub(crate) mod proxy;
mod talking;

use peer::within;

use crate::engineio::{
    self, Client, ClientOptions, Server, ServerConfigBuilder, Socket, Transport,
};
use crate::suite::listen;

/// A server, and a client about to connect to it.
pub(crate) async fn pair(config: ServerConfigBuilder) -> (Server, ClientOptions) {
    let server = Server::new(config.build().expect("a legal configuration"));
    let address = listen(&server).await;
    (server, ClientOptions::new(&format!("http://{address}")))
}

/// Both ends of a session.
pub(crate) async fn connected(server: &Server, client: ClientOptions) -> (Client, Socket) {
    let (client, socket) =
        within(async { tokio::join!(engineio::connect(client), server.accept()) }).await;
    (client.expect("a session"), socket.expect("a client"))
}

/// Both transports, and both in turn.
pub(crate) const WAYS: [&[Transport]; 3] =
    [&[Transport::Polling], &[Transport::WebSocket], &[Transport::Polling, Transport::WebSocket]];
