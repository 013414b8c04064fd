//! What is the own way of `engineio-sync`: handles that block, its poll loop, and its HTTP.

mod client;
mod server;
