//! Streams for hyper.
//!
//! `poll_close` of async-std's and async-io's sockets only flushes: the peer then doesn't see an end
//! before the socket is dropped, and may wait for it with its own end. And their `poll_read` finds
//! out by a system call that there is nothing to read, even right after a read that took all.

use std::any::Any;
use std::io::{self, IoSlice};
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_io::Async;
use engineio_hub::with_scratch;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};

/// A stream for hyper, whose writing side ends when it is shut down.
#[derive(Debug)]
pub(crate) struct Ending<S> {
    stream: S,
    /// The last read took all that had come.
    is_drained: bool,
}

impl<S> Ending<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, is_drained: false }
    }

    #[cfg(feature = "client")]
    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin + 'static> Read for Ending<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, is_drained } = &mut *self;
        if *is_drained {
            ready!(poll_readable(stream, cx))?;
        }
        // futures-io reads to memory that is initialized. Copying what has come costs less than to
        // clear all that there is room for.
        with_scratch(|scratch| {
            let length = buffer.remaining().min(scratch.len());
            let room = scratch.get_mut(..length).unwrap_or_default();
            let count = ready!(Pin::new(stream).poll_read(cx, room))?;
            *is_drained = 0 < count && count < room.len();
            buffer.put_slice(room.get(..count).unwrap_or_default());
            Poll::Ready(Ok(()))
        })
    }
}

/// Waits until a socket says that there is something to read, if it is of a kind that can.
fn poll_readable(stream: &dyn Any, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    if let Some(tcp) = stream.downcast_ref::<Async<TcpStream>>() {
        return tcp.poll_readable(cx);
    }
    #[cfg(any(feature = "client", feature = "cluster"))]
    if let Some(Tcp(tcp)) = stream.downcast_ref() {
        return tcp.poll_readable(cx);
    }
    Poll::Ready(Ok(()))
}

impl<S: AsyncWrite + Unpin + 'static> Write for Ending<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_close(cx))?;
        Poll::Ready(end_writing(&self.stream))
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
    #[cfg(all(unix, feature = "async-std"))]
    if let Some(unix) = stream.downcast_ref::<async_std::os::unix::net::UnixStream>() {
        return unix.shutdown(Shutdown::Write);
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
