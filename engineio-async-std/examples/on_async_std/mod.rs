//! The parts of async-std that the examples need.
#![allow(dead_code, unused_imports, reason = "no example uses all of it")]

use std::future::Future;

pub(crate) use async_std::task::block_on;

/// Spawns a task.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(async_std::task::spawn(future));
}
