//! The parts of smol that the examples need.
#![allow(dead_code, unused_imports, reason = "no example uses all of it")]

use std::future::Future;

pub(crate) use smol::block_on;

/// Spawns a task.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    smol::spawn(future).detach();
}
