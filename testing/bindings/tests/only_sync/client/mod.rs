//! A client against servers that are scripts, over real sockets.

mod connecting;
mod connections;
mod ending;
mod hostile;
mod proxy;
mod script;
mod talking;
#[cfg(feature = "tls")]
mod tls;

use std::time::Duration;

use engineio_sync::{Client, ClientCloseReason, ClientOptions, ConnectError, Transport, connect};

/// Far longer than anything takes.
const LONG: Duration = Duration::from_secs(20);

/// The answer to a handshake after which the client stays at polling.
const OPEN: &str = r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

/// One that offers a WebSocket.
const OPEN_TO_UPGRADE: &str =
    r#"0{"sid":"S","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#;

/// Both transports, each alone.
const WAYS: [[Transport; 1]; 2] = [[Transport::Polling], [Transport::WebSocket]];

/// Why there is no session.
fn failure(client: ClientOptions) -> (ClientCloseReason, String) {
    match connect(client) {
        Err(ConnectError::Closed { reason, source }) => {
            let mut said = String::new();
            let mut cause = source.as_deref().map(|it| it as &dyn std::error::Error);
            while let Some(error) = cause {
                said += &format!("{error}: ");
                cause = error.source();
            }
            (reason, said)
        }
        other => panic!("{other:?}"),
    }
}

fn connected(client: ClientOptions) -> Client {
    connect(client).expect("a session")
}
