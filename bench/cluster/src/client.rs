//! Clients that do no more than they have to.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";

/// Runs so many clients at once, on this thread.
pub(crate) async fn all(
    count: usize,
    client: impl AsyncFn(usize) -> io::Result<()>,
) -> io::Result<()> {
    let mut clients: Vec<_> = (0..count).map(|number| Box::pin(client(number))).collect();
    std::future::poll_fn(|cx| {
        clients.retain_mut(|client| match client.as_mut().poll(cx) {
            std::task::Poll::Ready(ended) => {
                ended.expect("a client that gets on");
                false
            }
            std::task::Poll::Pending => true,
        });
        if clients.is_empty() { std::task::Poll::Ready(Ok(())) } else { std::task::Poll::Pending }
    })
    .await
}

/// A session over polling, opened at its owner and used through a node.
pub(crate) struct Polling {
    get: String,
    post: String,
    stream: TcpStream,
    received: Vec<u8>,
}

impl Polling {
    pub(crate) async fn open(owner: SocketAddr, through: SocketAddr) -> io::Result<Self> {
        let mut stream = TcpStream::connect(owner).await?;
        let head = format!("GET {POLLING} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut received = Vec::new();
        let length = answer(&mut stream, &mut received).await?;
        let body = String::from_utf8_lossy(&received[received.len() - length..]).into_owned();
        let (_, sid) = body.split_once("\"sid\":\"").expect("an open packet");
        let (sid, _) = sid.split_once('"').expect("a sid");
        let target = format!("{POLLING}&sid={sid} HTTP/1.1\r\nHost: localhost\r\n");
        let stream = TcpStream::connect(through).await?;
        stream.set_nodelay(true)?;
        let get = format!("GET {target}\r\n");
        let post = format!("POST {target}Content-Length: 65\r\n\r\n4{}", "x".repeat(64));
        Ok(Self { get, post, stream, received: Vec::new() })
    }

    pub(crate) async fn echo(&mut self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            for request in [&self.post, &self.get] {
                self.stream.write_all(request.as_bytes()).await?;
                answer(&mut self.stream, &mut self.received).await?;
                assert!(self.received.starts_with(b"HTTP/1.1 200"), "a good answer");
            }
        }
        Ok(())
    }

    /// Leaves a poll waiting.
    pub(crate) async fn park(&mut self) -> io::Result<()> {
        self.stream.write_all(self.get.as_bytes()).await
    }
}

/// Reads an answer, and returns how long its body is.
async fn answer(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<usize> {
    received.clear();
    loop {
        if stream.read_buf(received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(received);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let (_, length) = head.split_once("content-length: ").expect("a length");
            let length = length.split("\r\n").next().and_then(|it| it.parse().ok());
            let length = length.expect("a number");
            if body.len() >= length {
                return Ok(length);
            }
        }
    }
}

/// A session that moved to a WebSocket through a node.
pub(crate) struct WebSocket(pub(crate) TcpStream);

impl WebSocket {
    pub(crate) async fn open(owner: SocketAddr, through: SocketAddr) -> io::Result<Self> {
        let polling = Polling::open(owner, through).await?;
        let mut stream = polling.stream;
        let (target, _) = polling.get.split_once(" HTTP").expect("a target");
        let head = format!(
            "{} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            target.replace("polling", "websocket")
        );
        stream.write_all(head.as_bytes()).await?;
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n") {
            received.push(stream.read_u8().await?);
        }
        assert!(received.starts_with(b"HTTP/1.1 101"), "a WebSocket");
        let mut socket = Self(stream);
        socket.0.write_all(&frame(b"2probe")).await?;
        socket.take(2 + 6).await?;
        socket.0.write_all(&frame(b"5")).await?;
        Ok(socket)
    }

    pub(crate) async fn echo(&mut self, count: usize, in_flight: usize) -> io::Result<()> {
        let message = frame(format!("4{}", "x".repeat(64)).as_bytes()).repeat(in_flight);
        for _ in 0..count / in_flight {
            self.0.write_all(&message).await?;
            self.take((2 + 65) * in_flight).await?;
        }
        Ok(())
    }

    async fn take(&mut self, count: usize) -> io::Result<()> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).await.map(drop)
    }
}

/// A text frame, masked with zeros.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | u8::try_from(payload.len()).expect("a short one")];
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
