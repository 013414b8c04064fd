//! Connections of HTTP/1.1, without sockets and in virtual time.

mod bodies;
mod client;
#[path = "../common/mod.rs"]
mod common;
mod cuts;
mod deadlines;
mod fallback;
mod http2;
mod refusals;
mod requests;
mod stopping;
mod turns;
mod websockets;
