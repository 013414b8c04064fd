//! Requests and answers, as short as clients can make them.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(super) const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
pub(super) const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

/// A connection that is used again.
#[derive(Debug)]
pub(super) struct Http {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Http {
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    pub(super) async fn get(&mut self, target: &str) -> io::Result<String> {
        self.send(target).await?;
        self.answer().await
    }

    pub(super) async fn post(&mut self, target: &str, body: &str) -> io::Result<()> {
        let length = body.len();
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain;charset=UTF-8\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let answer = self.answer().await?;
        // python-engineio answers in capitals.
        if answer.eq_ignore_ascii_case("ok") { Ok(()) } else { Err(unexpected(&answer)) }
    }

    /// Sends a GET, whose answer comes later.
    pub(super) async fn send(&mut self, target: &str) -> io::Result<()> {
        let request = format!("GET {target} HTTP/1.1\r\nHost: bench\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await
    }

    /// The body of the next answer.
    pub(super) async fn answer(&mut self) -> io::Result<String> {
        let head = self.head().await?;
        if !head.starts_with("http/1.1 200") {
            return Err(unexpected(&head));
        }
        let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
        let length = length.and_then(|length| length.trim().parse().ok());
        let length: usize = length.ok_or_else(|| unexpected(&head))?;
        while self.received.len() < length {
            self.read().await?;
        }
        let rest = self.received.split_off(length);
        let body = std::mem::replace(&mut self.received, rest);
        String::from_utf8(body).map_err(io::Error::other)
    }

    /// Asks for a WebSocket, and gives its stream, with what has come of it already.
    pub(super) async fn upgrade(mut self, target: &str) -> io::Result<(TcpStream, Vec<u8>)> {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let head = self.head().await?;
        if !head.starts_with("http/1.1 101") {
            return Err(unexpected(&head));
        }
        Ok((self.stream, self.received))
    }

    /// The head of the next answer, in lower case.
    async fn head(&mut self) -> io::Result<String> {
        loop {
            let end = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.received.split_off(end + 4);
                let head = std::mem::replace(&mut self.received, rest);
                return Ok(String::from_utf8_lossy(&head).to_lowercase());
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The sid that an open packet names.
pub(super) fn sid(open: &str) -> io::Result<&str> {
    let sid = open.split(r#""sid":""#).nth(1).and_then(|rest| rest.split('"').next());
    sid.ok_or_else(|| unexpected(open))
}

/// How many messages are in a payload.
pub(super) fn messages(payload: &str) -> usize {
    payload.split('\u{1e}').filter(|packet| packet.starts_with('4')).count()
}

pub(super) fn unexpected(what: &str) -> io::Error {
    io::Error::other(format!("unexpected: {:?}", what.get(..200).unwrap_or(what)))
}
