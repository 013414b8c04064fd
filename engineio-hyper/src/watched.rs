//! A stream with timeouts for a stalled peer.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use engineio_hub::listener::Permit;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Sleep, Write};

use crate::Timer;

/// A stream that fails if the first bytes don't arrive in time, or if the peer takes nothing for
/// too long. In between it costs nothing: timers exist only while they run.
pub struct Watched<S> {
    stream: S,
    timer: Timer,
    opening: Option<Opening>,
    write_timeout: Duration,
    /// Runs while the peer takes nothing.
    stuck: Option<Pin<Box<dyn Sleep>>>,
    /// Its place among the connections of a server.
    permit: Option<Permit>,
}

/// The beginning of a connection. Its first bytes show whether it speaks HTTP/1 or HTTP/2, and the
/// timeouts of both start only after that.
struct Opening {
    missing: usize,
    timeout: Pin<Box<dyn Sleep>>,
}

impl<S> Watched<S> {
    /// Watches a stream. Its first bytes may take as long as `opening`, and its peer may take
    /// nothing for `write_timeout`.
    pub fn new(stream: S, timer: Timer, opening: Duration, write_timeout: Duration) -> Self {
        let opening = Opening { missing: PREFACE_LEN, timeout: timer.sleep(opening) };
        Self { stream, timer, opening: Some(opening), write_timeout, stuck: None, permit: None }
    }

    /// Watches a stream whose first bytes have come already. Its peer may take nothing for
    /// `write_timeout`.
    pub const fn opened(stream: S, timer: Timer, write_timeout: Duration) -> Self {
        Self { stream, timer, opening: None, write_timeout, stuck: None, permit: None }
    }

    /// Keeps this place among the connections of a server as long as the stream, which after an
    /// upgrade carries a WebSocket.
    pub fn holding(self, permit: Option<Permit>) -> Self {
        Self { permit, ..self }
    }

    /// The stream, and its place.
    pub(crate) fn into_parts(self) -> (S, Option<Permit>) {
        (self.stream, self.permit)
    }

    /// Applies the timeout to an attempt to write.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| self.timer.sleep(self.write_timeout));
        let is_over = stuck.as_mut().poll(cx);
        if is_over.is_ready() {
            // One that has fired may never fire again.
            self.stuck = None;
        }
        is_over.map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: Read + Unpin> Read for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(opening) = &mut this.opening else {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        };
        // A read doesn't report how much came, so the first bytes go through a buffer that counts
        // them: with room for all of a head, since hyper gives a head in two parts twice the room.
        let mut first = [0; FIRST_READ];
        let room = first.get_mut(..buffer.remaining().min(FIRST_READ)).unwrap_or_default();
        let mut counted = ReadBuf::new(room);
        let read = Pin::new(&mut this.stream).poll_read(cx, counted.unfilled());
        buffer.put_slice(counted.filled());
        opening.missing = opening.missing.saturating_sub(counted.filled().len());
        if opening.missing == 0 {
            this.opening = None;
        } else if read.is_pending() {
            let is_over = opening.timeout.as_mut().poll(cx);
            return is_over.map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: Write + Unpin> Write for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Streams that buffer what is written, such as TLS, write it here.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, ended)
    }
}

impl<S> fmt::Debug for Watched<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

/// The length of the HTTP/2 preface (RFC 9113, section 3.4). An HTTP/1 request for a session is
/// longer.
const PREFACE_LEN: usize = 24;

/// As much as hyper makes room for at first.
const FIRST_READ: usize = 8 << 10;
