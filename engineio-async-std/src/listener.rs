//! The listeners that connections are accepted from.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
#[cfg(feature = "smol")]
use std::sync::Arc;

use async_io::Async;
use engineio_hub::listener::BACKLOG;
use futures_io::{AsyncRead, AsyncWrite};
use socket2::SockRef;

/// Binds a listener where many connections may wait to be accepted.
pub(crate) fn bind(address: impl ToSocketAddrs) -> io::Result<Async<std::net::TcpListener>> {
    let listener = std::net::TcpListener::bind(address)?;
    // A second `listen` changes the backlog.
    SockRef::from(&listener).listen(BACKLOG)?;
    Async::new(listener)
}

/// A listener of async-std, of smol, or of `async-io` itself.
pub trait Listener: Send + Sync + 'static {
    /// The connections of the listener.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Waits for the next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Listener for Async<std::net::TcpListener> {
    type Stream = Async<std::net::TcpStream>;

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = self.accept().await?;
        // Packets are written whole, so waiting for more would only delay them.
        let _ = stream.get_ref().set_nodelay(true);
        Ok((stream, peer))
    }
}

#[cfg(feature = "async-std")]
impl Listener for async_std::net::TcpListener {
    type Stream = async_std::net::TcpStream;

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = self.accept().await?;
        let _ = stream.set_nodelay(true);
        Ok((stream, peer))
    }
}

#[cfg(feature = "smol")]
impl Listener for smol::net::TcpListener {
    type Stream = Async<std::net::TcpStream>;

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        let listener: Arc<Async<std::net::TcpListener>> = self.clone().into();
        Listener::accept(&*listener).await
    }
}
