//! Streams whose writing side ends when they are shut down.
//!
//! `poll_close` of async-std's and async-io's sockets only flushes. The peer then doesn't see an end
//! before the socket is dropped, and may wait for it with its own end.

use std::any::Any;
use std::io::{self, IoSlice};
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};
use smol_hyper::rt::FuturesIo;

/// A stream for hyper.
#[derive(Debug)]
pub(crate) struct Ending<S>(FuturesIo<S>);

impl<S> Ending<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self(FuturesIo::new(stream))
    }

    #[cfg(feature = "client")]
    pub(crate) fn into_inner(self) -> S {
        self.0.into_inner()
    }
}

impl<S: AsyncRead + Unpin> Read for Ending<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin + 'static> Write for Ending<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.0).poll_shutdown(cx))?;
        Poll::Ready(end_writing(self.0.get_ref()))
    }
}

/// Ends the writing side of a socket, if it is of a kind that is known not to do so itself. TLS in
/// between has said its own goodbye by now.
fn end_writing(stream: &dyn Any) -> io::Result<()> {
    #[cfg(feature = "tls")]
    {
        use futures_rustls::{TlsStream, server};

        if let Some(tls) = stream.downcast_ref::<server::TlsStream<Async<TcpStream>>>() {
            return end_writing(tls.get_ref().0);
        }
        if let Some(tls) = stream.downcast_ref::<TlsStream<Async<TcpStream>>>() {
            return end_writing(tls.get_ref().0);
        }
        #[cfg(feature = "async-std")]
        {
            use async_std::net::TcpStream;

            if let Some(tls) = stream.downcast_ref::<server::TlsStream<TcpStream>>() {
                return end_writing(tls.get_ref().0);
            }
            if let Some(tls) = stream.downcast_ref::<TlsStream<TcpStream>>() {
                return end_writing(tls.get_ref().0);
            }
        }
    }
    #[cfg(feature = "async-std")]
    if let Some(tcp) = stream.downcast_ref::<async_std::net::TcpStream>() {
        return tcp.shutdown(Shutdown::Write);
    }
    #[cfg(unix)]
    if let Some(unix) = stream.downcast_ref::<Async<std::os::unix::net::UnixStream>>() {
        return unix.get_ref().shutdown(Shutdown::Write);
    }
    match stream.downcast_ref::<Async<TcpStream>>() {
        Some(tcp) => tcp.get_ref().shutdown(Shutdown::Write),
        None => Ok(()),
    }
}

/// A connection that was made here. With TLS around it, it ends as well.
#[cfg(any(feature = "client", feature = "cluster"))]
#[derive(Debug)]
pub(crate) struct Tcp(pub(crate) Async<TcpStream>);

#[cfg(any(feature = "client", feature = "cluster"))]
impl AsyncRead for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

#[cfg(any(feature = "client", feature = "cluster"))]
impl AsyncWrite for Tcp {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, parts)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.0).poll_close(cx))?;
        Poll::Ready(self.0.get_ref().shutdown(Shutdown::Write))
    }
}
