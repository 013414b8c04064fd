//! A client's WebSocket, with frames built by hand so that they can be wrong.

use std::sync::Arc;

use bytestring::ByteString;
use engineio_proto::{
    BinaryEncoding, Frame, HandshakeData, Message, Packet, Revision, Sid, decode_frame,
    encode_frame,
};

use super::pipe::{End, Reset};
use super::world::World;

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

pub(crate) struct WebSocket {
    pub(crate) end: Arc<End>,
    revision: Revision,
    received: Vec<u8>,
}

/// What a server sends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Packet(Packet),
    Pong(Vec<u8>),
    Close(Option<u16>),
    /// The end of the stream, after everything else.
    End,
    Reset,
}

impl WebSocket {
    pub(crate) fn new(revision: Revision, end: End) -> Self {
        Self { end: Arc::new(end), revision, received: Vec::new() }
    }

    /// Another handle of the same connection, to write while this one reads.
    pub(crate) fn writer(&self) -> Self {
        Self { end: Arc::clone(&self.end), revision: self.revision, received: Vec::new() }
    }

    /// Opens a session, and reads its open packet.
    pub(crate) async fn open(world: &World) -> Self {
        Self::open_with_sid(world).await.0
    }

    pub(crate) async fn open_with_sid(world: &World) -> (Self, Sid) {
        let end = world.websocket("EIO=4&transport=websocket").upgraded().await;
        let mut socket = Self::new(Revision::V4, end);
        let Packet::Open(json) = socket.packet().await else { panic!("no open packet") };
        (socket, HandshakeData::from_json(&json).unwrap().sid)
    }

    pub(crate) async fn send(&self, packet: Packet) {
        let bytes = self.frame_of(packet);
        self.end.write(&bytes).await.unwrap();
    }

    pub(crate) async fn say(&self, message: impl Into<Message>) {
        self.send(Packet::Message(message.into())).await;
    }

    /// The frame that carries a packet.
    pub(crate) fn frame_of(&self, packet: Packet) -> Vec<u8> {
        let frame = encode_frame(self.revision, packet, BinaryEncoding::Raw);
        masked(if frame.is_text() { TEXT } else { BINARY }, &frame.parts().concat())
    }

    pub(crate) async fn packet(&mut self) -> Packet {
        match self.next().await {
            Seen::Packet(packet) => packet,
            other => panic!("a packet was expected, not {other:?}"),
        }
    }

    /// The next message. Answers pings.
    pub(crate) async fn message(&mut self) -> Message {
        loop {
            match self.packet().await {
                Packet::Message(message) => return message,
                Packet::Ping(_) => self.send(Packet::Pong("".into())).await,
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Seen {
        match self.next_frame().await {
            Ok((first, payload)) => self.seen(first, payload),
            Err(end) => end,
        }
    }

    /// The first byte and the payload of the next frame, as they are on the wire.
    pub(crate) async fn frame(&mut self) -> (u8, Vec<u8>) {
        self.next_frame().await.expect("a frame")
    }

    async fn next_frame(&mut self) -> Result<(u8, Vec<u8>), Seen> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Ok(frame);
            }
            let mut free = [0; 1024];
            match self.end.read(&mut free).await {
                Ok(0) => return Err(Seen::End),
                Ok(count) => self.received.extend(&free[..count]),
                Err(Reset) => return Err(Seen::Reset),
            }
        }
    }

    /// All until the stream ends.
    pub(crate) async fn rest(&mut self) -> Vec<Seen> {
        let mut all = Vec::new();
        loop {
            let seen = self.next().await;
            let is_end = matches!(seen, Seen::End | Seen::Reset);
            all.push(seen);
            if is_end {
                return all;
            }
        }
    }

    fn seen(&self, first: u8, payload: Vec<u8>) -> Seen {
        let frame = match first {
            TEXT => Frame::text(ByteString::try_from(payload).unwrap()),
            BINARY => Frame::binary(payload.into()),
            PONG => return Seen::Pong(payload),
            CLOSE => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                return Seen::Close(code);
            }
            other => panic!("unexpected frame {other:x}"),
        };
        Seen::Packet(decode_frame(self.revision, frame).unwrap())
    }

    /// The first byte and the payload of the next frame.
    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let [first, short, rest @ ..] = &self.received[..] else { return None };
        let (length, header) = match short {
            126 => (u16::from_be_bytes(*rest.first_chunk()?).into(), 4),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 10),
            length => ((*length).into(), 2),
        };
        let whole = header + usize::try_from(length).unwrap();
        let payload = self.received.get(header..whole)?.to_vec();
        let first = *first;
        self.received.drain(..whole);
        Some((first, payload))
    }
}

/// A client's frame with this first byte.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x11, 0x22, 0x44, 0x88];
    let mut frame = vec![first];
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
