//! TLS over a connection.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::task::{Poll, ready};

use rustls::ClientConnection;

use crate::stream::{Stream, Tcp};

/// TLS over a connection. The first write does the handshake.
pub(super) struct Tls {
    pub(super) tcp: Tcp,
    session: ClientConnection,
}

impl Tls {
    pub(super) const fn new(tcp: Tcp, session: ClientConnection) -> Self {
        Self { tcp, session }
    }

    /// Writes encrypted bytes that haven't left.
    pub(super) fn poll_flush(&mut self) -> Poll<io::Result<()>> {
        while self.session.wants_write() {
            let written = poll(self.session.write_tls(&mut Attempt(&mut self.tcp)));
            if ready!(written)? == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads and decrypts. Returns the number of encrypted bytes.
    fn poll_fill(&mut self) -> Poll<io::Result<usize>> {
        let count = ready!(poll(self.session.read_tls(&mut Attempt(&mut self.tcp))))?;
        if let Err(error) = self.session.process_new_packets() {
            // The alert tells the server what was wrong, if it can be written now.
            let _ = self.poll_flush();
            return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidData, error)));
        }
        Poll::Ready(Ok(count))
    }

    fn poll_handshake(&mut self) -> Poll<io::Result<()>> {
        while self.session.is_handshaking() {
            ready!(self.poll_flush())?;
            if ready!(self.poll_fill())? == 0 {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
        }
        self.poll_flush()
    }
}

impl Stream for Tls {
    fn poll_read(&mut self, into: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            // A failure shows at the next write, or as the end of the stream.
            let _ = self.poll_flush();
            if let Poll::Ready(read) = poll(self.session.reader().read(into)) {
                return Poll::Ready(read);
            }
            ready!(self.poll_fill())?;
        }
    }

    fn poll_write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(&[IoSlice::new(bytes)])
    }

    /// Bytes that it takes may still have to be flushed. It takes none until the handshake is done,
    /// and goes on with that.
    fn poll_write_vectored(&mut self, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.poll_handshake())?;
        match self.session.writer().write_vectored(parts)? {
            0 => Poll::Pending,
            count => {
                if let Poll::Ready(Err(error)) = self.poll_flush() {
                    return Poll::Ready(Err(error));
                }
                Poll::Ready(Ok(count))
            }
        }
    }

    /// Tells the peer first.
    fn poll_shutdown(&mut self) -> Poll<io::Result<()>> {
        self.session.send_close_notify();
        ready!(self.poll_flush())?;
        self.tcp.poll_shutdown()
    }
}

/// A connection with the traits that rustls needs.
struct Attempt<'a>(&'a mut Tcp);

impl Read for Attempt<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        block(self.0.poll_read(into))
    }
}

impl Write for Attempt<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        block(self.0.poll_write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn block(polled: Poll<io::Result<usize>>) -> io::Result<usize> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

fn poll(result: io::Result<usize>) -> Poll<io::Result<usize>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}
