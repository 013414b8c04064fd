//! A client: one session with a server, and the thread that does its I/O.

mod connect;
mod connection;
mod connector;
mod dial;
mod error;
mod exchange;
mod handle;
mod reconnecting;
mod reconnecting_sender;
mod request;
mod sender;
mod task;
#[cfg(feature = "tls")]
mod tls;

pub use connect::connect;
pub use handle::Client;
pub use reconnecting::{ReconnectingClient, reconnecting, reconnecting_with};
pub use reconnecting_sender::ReconnectingSender;
pub use sender::ClientSender;
