//! Peers that send what a test wants and show what they receive, without repairing anything.
//!
//! They report by panicking. Every wait ends after [`LIMIT`], so that a stuck server fails a test
//! instead of hanging it.

#![expect(clippy::missing_panics_doc, reason = "each panic is a failed test")]

mod http;
mod polling;
mod proxy;
mod revision;
pub mod script;
mod websocket;

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs};

pub use http::{Answer, get, open, post, request, session, settle};
pub use polling::Polling;
pub use proxy::{proxy, proxy_that_says};
pub use revision::Revision;
pub use script::Script;
pub use websocket::{Frame, upgrade};

/// How long anything may take: far more than two loaded cores need.
pub const LIMIT: Duration = Duration::from_secs(40);

/// One connection, or one stream of it.
#[derive(Debug)]
pub struct Peer<S = TcpStream> {
    stream: S,
    /// Bytes that came and weren't read yet.
    received: BytesMut,
}

impl Peer {
    /// Connects.
    pub async fn connect(address: impl ToSocketAddrs) -> Self {
        Self::over(within(TcpStream::connect(address)).await.expect("the server listens"))
    }

    /// Waits until something comes, for `limit` at most.
    pub async fn readable_within(&self, limit: Duration) {
        let readable = tokio::time::timeout(limit, self.stream.readable()).await;
        readable.expect("something comes").expect("an open connection");
    }

    /// Whether there is something to read already.
    pub async fn readable_now(&self) -> bool {
        tokio::time::timeout(Duration::ZERO, self.stream.readable()).await.is_ok()
    }

    /// Ends the connection as a crash of the peer's machine would.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("an open connection");
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Talks over this stream.
    pub fn over(stream: S) -> Self {
        Self { stream, received: BytesMut::new() }
    }

    /// Sends these bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.stream.write_all(bytes.as_ref())).await.expect("the server reads");
    }

    /// Sends these bytes, for half a second at most: the server needn't read. Returns whether all
    /// were sent.
    pub async fn send_in_time(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let sending = self.stream.write_all(bytes.as_ref());
        matches!(tokio::time::timeout(Duration::from_millis(500), sending).await, Ok(Ok(())))
    }

    /// Waits until `count` bytes are there, and takes them.
    async fn take(&mut self, count: usize) -> BytesMut {
        while self.received.len() < count {
            assert!(self.read().await.expect("no reset") > 0, "the end after {:?}", self.received);
        }
        self.received.split_to(count)
    }

    async fn read(&mut self) -> io::Result<usize> {
        within(self.stream.read_buf(&mut self.received)).await
    }

    /// Takes everything up to the end of the connection, which must not be a reset.
    async fn take_rest(&mut self) -> BytesMut {
        while self.read().await.expect("no reset") > 0 {}
        self.received.split()
    }

    /// Waits for `count` more bytes, and takes no others from the connection. They stay buffered.
    pub async fn buffer(&mut self, count: usize) {
        let mut missing = (&mut self.stream).take(count as u64);
        while missing.limit() > 0 {
            let read = within(missing.read_buf(&mut self.received)).await;
            assert!(read.expect("no reset") > 0, "the end");
        }
    }

    /// Waits for the end of the connection or a reset, and returns the bytes before it.
    pub async fn rest(mut self) -> BytesMut {
        while self.read().await.is_ok_and(|count| count > 0) {}
        self.received
    }

    /// Waits for the end of the connection however long it takes.
    pub async fn end(mut self) {
        while self.stream.read_buf(&mut self.received).await.is_ok_and(|count| count > 0) {}
    }

    /// Ends the writing side. The peer can still read.
    pub async fn finish(&mut self) {
        self.stream.shutdown().await.expect("an open connection");
    }
}

/// Awaits `future`, or fails the test after [`LIMIT`].
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LIMIT, future).await.expect("it comes to an end")
}

/// Waits until a condition holds.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    within(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}
