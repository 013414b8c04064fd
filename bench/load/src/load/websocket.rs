//! Frames, counted and not kept.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::http::{Http, WEBSOCKET};

/// A WebSocket with an open session.
#[derive(Debug)]
pub(super) struct WebSocket {
    stream: TcpStream,
    buffer: Box<[u8]>,
    frames: Frames,
}

/// What has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    /// Messages, and whatever else isn't a ping.
    pub(super) messages: u64,
    pub(super) pings: u64,
}

impl WebSocket {
    /// Opens a session.
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let mut socket = Self::join(address, WEBSOCKET).await?;
        // The open packet.
        while socket.read().await?.messages == 0 {}
        Ok(socket)
    }

    /// Connects, for a session that may be open already.
    pub(super) async fn join(address: SocketAddr, target: &str) -> io::Result<Self> {
        let (stream, early) = Http::connect(address).await?.upgrade(target).await?;
        let mut socket =
            Self { stream, buffer: vec![0; 64 << 10].into(), frames: Frames::default() };
        socket.frames.early = socket.frames.feed(&early);
        Ok(socket)
    }

    /// Waits for something, and says what frames are complete by now.
    pub(super) async fn read(&mut self) -> io::Result<Came> {
        let early = std::mem::take(&mut self.frames.early);
        if early != Came::default() {
            return Ok(early);
        }
        match self.stream.read(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(self.frames.feed(self.buffer.get(..count).unwrap_or_default())),
        }
    }

    /// Reads until so many messages have come.
    pub(super) async fn read_messages(&mut self, count: u64) -> io::Result<()> {
        let mut came = 0;
        while came < count {
            came += self.read().await?.messages;
        }
        Ok(())
    }

    pub(super) async fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        self.stream.write_all(frames).await
    }
}

/// Where in its frames a stream is.
#[derive(Debug, Default)]
struct Frames {
    /// The part of a header that has come.
    header: Vec<u8>,
    /// How much of the payload is to come.
    left: u64,
    is_ping: bool,
    early: Came,
}

impl Frames {
    fn feed(&mut self, mut bytes: &[u8]) -> Came {
        let mut came = Came::default();
        while let [first, ..] = bytes {
            if self.left == 0 {
                self.header.push(*first);
                bytes = bytes.get(1..).unwrap_or_default();
                if let Some(length) = length(&self.header) {
                    self.header.clear();
                    self.left = length;
                    // A packet of one byte is a ping, or what ends a session.
                    self.is_ping = length == 1;
                }
                continue;
            }
            self.is_ping &= *first == b'2';
            let taken = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            bytes = bytes.get(taken..).unwrap_or_default();
            self.left -= taken as u64;
            match (self.left, self.is_ping) {
                (0, true) => came.pings += 1,
                (0, false) => came.messages += 1,
                _ => {}
            }
        }
        came
    }
}

/// The length of the payload, once the header is complete. Servers don't mask.
fn length(header: &[u8]) -> Option<u64> {
    let (head, extended) = header.split_at_checked(2)?;
    match head.get(1)? {
        126 => extended.first_chunk().map(|bytes| u64::from(u16::from_be_bytes(*bytes))),
        127 => extended.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)),
        short => Some(u64::from(*short)),
    }
}

/// A frame, masked.
pub(super) fn frame(is_text: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![if is_text { 0x81 } else { 0x82 }];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

const MASK: [u8; 4] = [0x11, 0x22, 0x44, 0x88];

/// A packet as a text frame.
pub(super) fn text(packet: &str) -> Vec<u8> {
    frame(true, packet.as_bytes())
}
