//! Bytes between a stream and a session's WebSocket.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use engineio_hub::{Framed, Write};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Carries a WebSocket to its end, once the 101 is written.
pub(crate) async fn carry(upgrade: OnUpgrade, framed: Framed) {
    // Without a connection the drop of `framed` tells the session.
    let Ok(upgraded) = upgrade.await else { return };
    let mut carrier = Carrier::new(TokioIo::new(upgraded), framed);
    poll_fn(|cx| carrier.poll(cx)).await;
}

pub(crate) struct Carrier<S> {
    stream: S,
    framed: Framed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Carrier<S> {
    pub(crate) const fn new(stream: S, framed: Framed) -> Self {
        Self { stream, framed }
    }

    /// One go: writes what there is, reads what there is, until neither gets on.
    /// Tokio's own budget makes the stream pending now and then, so others get a turn.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.poll_write(cx).is_ready() || self.framed.poll_abort().is_ready() {
                return Poll::Ready(());
            }
            if self.poll_read(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Ready at the end of the connection.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(write) = self.framed.poll_write(cx) {
            let stream = Pin::new(&mut self.stream);
            let is_sound = match write {
                Write::Bytes(bytes) => {
                    let count = ready!(stream.poll_write(cx, bytes)).unwrap_or(0);
                    self.framed.written(count);
                    count > 0
                }
                Write::Shutdown => {
                    let end = ready!(stream.poll_shutdown(cx));
                    self.framed.shut_down();
                    end.is_ok()
                }
                Write::End => return stream.poll_shutdown(cx).map(drop),
            };
            if !is_sound {
                self.framed.failed();
                return Poll::Ready(());
            }
        }
        // A failure to flush shows at the next write or read.
        let _ = Pin::new(&mut self.stream).poll_flush(cx);
        Poll::Pending
    }

    /// Ready after a read that gave something, be it the end.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.framed.poll_read(cx).is_pending() {
            return Poll::Pending;
        }
        with_scratch(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => self.framed.failed(),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => self.framed.ended(),
                Poll::Ready(Ok(())) => self.framed.received(buffer.filled()),
            }
            Poll::Ready(())
        })
    }
}

/// Lends this thread's read buffer. A connection that waits holds none.
fn with_scratch<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    thread_local! {
        static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    let mut scratch = SCRATCH.take();
    scratch.resize(SCRATCH_LEN, 0);
    let result = read(&mut scratch);
    SCRATCH.set(scratch);
    result
}

/// Large enough that a busy connection isn't bound by system calls, small enough to
/// stay in the cache.
const SCRATCH_LEN: usize = 16 << 10;
