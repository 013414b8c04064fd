//! A client, against its binding's own server and against scripts, over real sockets.

mod compression;
mod connecting;
mod cookies;
mod ending;
mod hostile;
mod proxy;
mod reconnecting;
mod redirects;
mod scripted;
mod talking;
#[cfg(feature = "tls")]
mod tls;

use std::error::Error;

use peer::{Script, within};

use crate::engineio::{
    self, Client, ClientCloseReason, ClientOptions, ConnectError, Server, ServerConfigBuilder,
    Socket, Transport,
};
use crate::suite::listen;

/// The answer to a handshake after which the client stays at polling.
pub(crate) const OPEN: &str =
    r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

/// One that offers a WebSocket.
pub(crate) const OPEN_TO_UPGRADE: &str =
    r#"0{"sid":"S","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#;

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

/// A client of a script.
pub(crate) fn client_of(server: &Script) -> ClientOptions {
    ClientOptions::new(&server.url())
}

/// The client's end of a session.
pub(crate) async fn open(client: ClientOptions) -> Client {
    within(engineio::connect(client)).await.expect("a session")
}

/// Why there is no session, and what the errors behind that say.
pub(crate) async fn failure(client: ClientOptions) -> (ClientCloseReason, String) {
    match within(engineio::connect(client)).await {
        Err(ConnectError::Closed { reason, source }) => {
            let mut said = String::new();
            let mut cause = source.as_deref().map(|it| it as &dyn Error);
            while let Some(error) = cause {
                said += &format!("{error}: ");
                cause = error.source();
            }
            (reason, said)
        }
        other => panic!("{other:?}"),
    }
}

/// Both transports, and both in turn.
pub(crate) const WAYS: [&[Transport]; 3] =
    [&[Transport::Polling], &[Transport::WebSocket], &[Transport::Polling, Transport::WebSocket]];
