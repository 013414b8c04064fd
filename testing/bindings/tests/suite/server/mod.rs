//! What a peer sees of a server, and what an application does with one.

mod bad_bodies;
mod bad_connections;
mod close;
mod compression;
mod fairness;
#[cfg(feature = "metrics")]
mod figures;
mod groups;
mod handler;
mod handshake;
mod limits;
mod logins;
mod memory;
mod other_clients;
mod refusals;
mod rolling_restart;
mod websocket_compression;
mod whole_server;
