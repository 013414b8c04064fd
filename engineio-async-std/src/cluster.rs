//! Connecting to the other nodes of a cluster.

use std::io;
use std::time::Duration;

use engineio_hyper::{BoxError, Forwarder, PoolTask, pooled};
use http::Uri;
use hyper::rt::Executor;
use socket2::{SockRef, TcpKeepalive};

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
    let stream = tcp(host, node.port_u16().unwrap_or(80)).await?;
    let Tcp(connected) = &stream;
    // One that can't be watched works as well while the node can be reached.
    let _ = watch(SockRef::from(connected.get_ref()));
    Ok(Ending::new(stream))
}

/// Lets the system end a connection whose node is out of reach.
fn watch(socket: SockRef<'_>) -> io::Result<()> {
    let keepalive = TcpKeepalive::new().with_time(engineio_hyper::KEEPALIVE_TIME);
    #[cfg(any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "netbsd",
        target_vendor = "apple",
        windows,
    ))]
    let keepalive = keepalive
        .with_interval(engineio_hyper::KEEPALIVE_INTERVAL)
        .with_retries(engineio_hyper::KEEPALIVE_RETRIES);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    socket.set_tcp_user_timeout(Some(engineio_hyper::USER_TIMEOUT))?;
    Ok(())
}

/// Runs the tasks of connections.
#[derive(Clone, Copy)]
struct Tasks;

impl Executor<PoolTask> for Tasks {
    fn execute(&self, task: PoolTask) {
        spawn(task);
    }
}
