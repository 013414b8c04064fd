//! What the examples need of async-std.
#![allow(dead_code, unused_imports, reason = "no example needs all of it")]

use std::future::Future;

pub(crate) use async_std::net::TcpListener;
pub(crate) use async_std::task::block_on;

/// Runs a future in a task of its own.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(async_std::task::spawn(future));
}
