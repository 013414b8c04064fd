//! WebSocket frames by hand.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::Peer;
use super::http::Answer;

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// A close frame, with its code, or 1005 if it has none.
    Close(u16),
}

impl Frame {
    /// A text frame, for comparisons.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// Whether it is a close frame.
    #[must_use]
    pub const fn is_close(&self) -> bool {
        matches!(self, Self::Close(_))
    }
}

/// The bytes of a request for a WebSocket.
#[must_use]
pub fn upgrade(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

impl Peer {
    /// Asks for a WebSocket, and returns the answer.
    pub async fn upgrade(&mut self, target: &str) -> Answer {
        let answer = self.request(upgrade(target)).await;
        if answer.status == 101 {
            assert_eq!(answer.header("sec-websocket-accept"), Some(ACCEPT), "{answer:?}");
        }
        answer
    }

    /// Connects a WebSocket.
    ///
    /// # Errors
    ///
    /// The status, if it isn't 101.
    pub async fn websocket(authority: &str, target: &str) -> Result<Self, u16> {
        let mut peer = Self::connect(authority).await;
        let answer = peer.upgrade(target).await;
        if answer.status == 101 { Ok(peer) } else { Err(answer.status) }
    }

    /// Opens a session on a WebSocket. Returns it and the sid.
    pub async fn open_websocket(address: SocketAddr) -> (Self, String) {
        let mut peer = Self::connect(address).await;
        peer.upgrade("/engine.io/?EIO=4&transport=websocket").await.expect(101);
        let Frame::Text(open) = peer.frame().await else { panic!("no open packet") };
        (peer, super::open(&open))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Sends a text frame, masked with zeros.
    pub async fn say(&mut self, text: &str) {
        self.send_frame(0x81, text.as_bytes()).await;
    }

    /// Sends a text frame to a server that sends it back, and reads it.
    pub async fn hears_itself(&mut self, text: &str) {
        self.say(text).await;
        assert_eq!(self.frame().await, Frame::text(text));
    }

    /// Sends a binary frame.
    pub async fn say_binary(&mut self, bytes: &[u8]) {
        self.send_frame(0x82, bytes).await;
    }

    /// Answers a close frame.
    pub async fn say_close(&mut self, code: u16) {
        self.send_frame(0x88, &code.to_be_bytes()).await;
    }

    /// Sends a frame with this first byte, masked with zeros.
    pub async fn send_frame(&mut self, first: u8, payload: &[u8]) {
        let length = u16::try_from(payload.len()).expect("a short frame").to_be_bytes();
        let mut frame = vec![first, 0x80 | 126];
        frame.extend(length);
        frame.extend([0; 4]);
        frame.extend(payload);
        self.send(frame).await;
    }

    /// The next frame, whose first bytes may take `limit`.
    pub async fn frame_within(&mut self, limit: Duration) -> Frame {
        if self.received.is_empty() {
            let read = tokio::time::timeout(limit, self.stream.read_buf(&mut self.received)).await;
            read.expect("something comes").expect("an open connection");
        }
        self.frame().await
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Frame {
        self.frame_or_end().await.expect("a frame before the end")
    }

    /// The next frame, or `None` if the connection has ended, even by a reset.
    pub async fn frame_or_end(&mut self) -> Option<Frame> {
        let (first, payload) = self.raw_frame().await?;
        Some(match first {
            0x81 => Frame::Text(String::from_utf8(payload).expect("UTF-8")),
            0x82 => Frame::Binary(payload),
            0x88 => Frame::Close(match payload.first_chunk() {
                Some(code) => u16::from_be_bytes(*code),
                None => 1005,
            }),
            other => panic!("a frame of type {other:#x}"),
        })
    }

    /// The first byte and the payload of the next frame, as they are.
    pub async fn raw_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        while self.received.len() < 2 {
            if self.read().await.unwrap_or(0) == 0 {
                assert_eq!(self.received.len(), 0, "a part of a frame, and the end");
                return None;
            }
        }
        let head = self.take(2).await;
        let length = match head[1] {
            126 => usize::from(u16::from_be_bytes(self.take(2).await[..].try_into().expect("two"))),
            127 => u64::from_be_bytes(self.take(8).await[..].try_into().expect("eight")) as usize,
            short @ 0..126 => usize::from(short),
            128.. => panic!("no server masks its frames"),
        };
        Some((head[0], self.take(length).await.to_vec()))
    }

    /// Reads up to a close frame, and skips heartbeats before it.
    pub async fn closed(&mut self) -> Frame {
        loop {
            let frame = self.frame().await;
            if frame != Frame::text("2") {
                return frame;
            }
        }
    }
}

/// A server's answer to the key in [`upgrade`].
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
