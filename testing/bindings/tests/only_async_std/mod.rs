//! What is the own way of `engineio-async-std`: listeners and streams of several kinds, and the client's
//! connections.

mod close;
mod connections;
mod listeners;
mod mounting;
mod streams;
#[cfg(feature = "tls")]
mod tls;
