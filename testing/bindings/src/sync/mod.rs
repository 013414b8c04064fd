//! `engineio-sync`, with its waits moved to threads.

mod client;
mod reconnecting;
mod server;
mod session;

use std::thread;

use tokio::sync::oneshot;

pub use client::{Client, ClientSender, connect};
/// The handle that events and handlers give.
pub use engineio_sync::Sender as PlainSender;
pub use engineio_sync::*;
pub use reconnecting::{ReconnectingClient, ReconnectingSender, reconnecting, reconnecting_with};
pub use server::{Events, Incoming, Server, ServerBuilder, serve};
pub use session::{Sender, Socket};

/// What parses the requests.
pub const HTTP: &str = "engineio-hub";

/// Waits in a separate thread. Unlike a runtime's thread for blocking work, it doesn't keep a test
/// from ending.
async fn apart<R: Send + 'static>(wait: impl FnOnce() -> R + Send + 'static) -> R {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || tell.send(wait()));
    told.await.expect("no panic")
}
