//! A client whose handles block, with an HTTP/1.1 of its own.

mod blocking;
mod connections;
mod http;
mod reconnecting;

use engineio_sync::{Client, ClientOptions, connect};

fn connected(client: ClientOptions) -> Client {
    connect(client).expect("a session")
}
