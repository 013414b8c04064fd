//! Streams that never wait.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::task::Poll;

use mio::event::Event;
use mio::net::TcpStream;

/// Bytes both ways. After `Pending`, try again at the next event of the socket.
pub(crate) trait Stream {
    fn poll_read(&mut self, into: &mut [u8]) -> Poll<io::Result<usize>>;
    fn poll_write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>>;
    /// As [`poll_write`](Self::poll_write), of several parts one after the other.
    fn poll_write_vectored(&mut self, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>>;
    /// Closes the writing side.
    fn poll_shutdown(&mut self) -> Poll<io::Result<()>>;
}

/// A connection, and what its events have told. An event comes only when something changes, so the
/// last one is remembered.
#[derive(Debug)]
pub(crate) struct Tcp {
    pub(crate) socket: TcpStream,
    may_read: bool,
    may_write: bool,
    /// The peer has ended its half, or the connection has failed: no further event says that there
    /// is more to read.
    is_ending: bool,
}

impl Tcp {
    pub(crate) const fn new(socket: TcpStream) -> Self {
        Self { socket, may_read: true, may_write: true, is_ending: false }
    }

    /// Whether a write would be taken, as far as the events tell.
    pub(crate) const fn is_writable(&self) -> bool {
        self.may_write
    }

    /// Notes an event of this socket.
    pub(crate) fn ready(&mut self, event: &Event) {
        self.is_ending |= event.is_read_closed() || event.is_error();
        self.may_read |= event.is_readable() || self.is_ending;
        self.may_write |= event.is_writable() || event.is_write_closed() || event.is_error();
    }
}

impl Stream for Tcp {
    fn poll_read(&mut self, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = attempt(&mut self.may_read, || (&self.socket).read(into));
        if let Poll::Ready(Ok(count)) = read
            && (1..into.len()).contains(&count)
            && SHORT_READ_EMPTIES
            && !self.is_ending
        {
            self.may_read = false;
        }
        read
    }

    fn poll_write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        attempt(&mut self.may_write, || (&self.socket).write(bytes))
    }

    fn poll_write_vectored(&mut self, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        attempt(&mut self.may_write, || (&self.socket).write_vectored(parts))
    }

    fn poll_shutdown(&mut self) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.shutdown(Shutdown::Write))
    }
}

fn attempt(
    is_ready: &mut bool,
    mut act: impl FnMut() -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    while *is_ready {
        match act() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => *is_ready = false,
            result => return Poll::Ready(result),
        }
    }
    Poll::Pending
}

/// Whether an event comes for all that arrives after a read that got less than it had room for, as
/// with epoll and kqueue. Elsewhere mio waits for a read that fails.
const SHORT_READ_EMPTIES: bool = cfg!(all(
    not(mio_unsupported_force_poll_poll),
    any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple",
    )
));
