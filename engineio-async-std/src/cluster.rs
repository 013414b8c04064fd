//! Connecting to the other nodes of a cluster.

use std::time::Duration;

use engineio_hyper::{BoxError, Forwarder, PoolTask, pooled};
use http::Uri;
use hyper::rt::Executor;

use crate::rt::{AsyncIoTimer, spawn, timer};
use crate::stream::{Ending, Tcp};
use crate::tcp::tcp;

/// Makes what forwards requests. A node may take no bytes for `write_timeout`.
pub(crate) fn forwarder(write_timeout: Duration) -> Forwarder {
    pooled(connect, Tasks, AsyncIoTimer, timer(), write_timeout)
}

async fn connect(node: Uri) -> Result<Ending<Tcp>, BoxError> {
    // A resolver takes an address of IPv6 without its brackets.
    let host = node.host().unwrap_or_default().trim_matches(['[', ']']);
    Ok(Ending::new(tcp(host, node.port_u16().unwrap_or(80)).await?))
}

/// Runs the tasks of connections.
#[derive(Clone, Copy)]
struct Tasks;

impl Executor<PoolTask> for Tasks {
    fn execute(&self, task: PoolTask) {
        spawn(task);
    }
}
