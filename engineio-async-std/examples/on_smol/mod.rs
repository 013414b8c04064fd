//! What the examples need of smol.
#![allow(dead_code, unused_imports, reason = "no example needs all of it")]

use std::future::Future;

pub(crate) use smol::block_on;
pub(crate) use smol::net::TcpListener;

/// Runs a future in a task of its own.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    smol::spawn(future).detach();
}
