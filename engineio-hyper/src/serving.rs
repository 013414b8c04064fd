//! A listener that is bound, and serves as long as it is polled.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A listener that is bound: await it, or spawn it as a task, to serve its connections. Clients
/// that come before that wait. Dropping it closes the listener.
#[must_use = "it serves only while it is awaited or runs as a task"]
pub struct Serving {
    address: SocketAddr,
    serve: Pin<Box<dyn Future<Output = io::Result<()>> + Send>>,
}

impl Serving {
    /// Makes one of the address that a listener has, and of what serves it.
    pub fn new(
        address: SocketAddr,
        serve: impl Future<Output = io::Result<()>> + Send + 'static,
    ) -> Self {
        Self { address, serve: Box::pin(serve) }
    }

    /// The address that it listens on. With port 0 it tells the port that the system chose.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Future for Serving {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.serve.as_mut().poll(cx)
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("address", &self.address).finish_non_exhaustive()
    }
}
