//! The way out: frames are formatted straight into one buffer.

use bytes::Bytes;
use engineio_proto::Frame;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use super::buffer::Buffer;

/// Give the next message to [`WebSocket::send`](super::WebSocket::send) only while fewer bytes than
/// this are unsent: 64 KiB. Answers to pings wait for that, too.
pub const WRITE_AHEAD: usize = 64 * 1024;

pub(super) struct WriteBuffer {
    /// A client has to mask what it sends, each frame with another key that can't be foreseen
    /// (RFC 6455, 5.3).
    masks: bool,
    unsent: Buffer,
    /// The answer to the newest ping, while there is too much unsent to queue it. Leaving out the
    /// answers to older pings is allowed (RFC 6455, 5.5.3), so a peer that pings without reading
    /// costs no memory.
    late_pong: Option<Bytes>,
    /// A close frame is the last frame.
    closed: bool,
}

impl WriteBuffer {
    pub(super) fn new(masks: bool) -> Self {
        Self { masks, unsent: Buffer::default(), late_pong: None, closed: false }
    }

    pub(super) fn send(&mut self, frame: &Frame) {
        let data = if frame.is_text() { Data::Text } else { Data::Binary };
        self.frame(OpCode::Data(data), frame.parts());
    }

    pub(super) fn pong(&mut self, data: &[u8]) {
        if self.unsent.len() < WRITE_AHEAD {
            self.frame(OpCode::Control(Control::Pong), [data, &[]]);
        } else {
            self.late_pong = Some(Bytes::copy_from_slice(data));
        }
    }

    pub(super) fn close(&mut self, code: Option<u16>) {
        let code = code.map(u16::to_be_bytes);
        let code = code.as_ref().map_or(&[][..], |code| code);
        self.frame(OpCode::Control(Control::Close), [code, &[]]);
        self.late_pong = None;
        self.closed = true;
    }

    pub(super) fn unsent(&self) -> &[u8] {
        self.unsent.as_slice()
    }

    pub(super) fn sent(&mut self, written: usize) {
        self.unsent.take_out(written);
        if self.unsent.len() < WRITE_AHEAD
            && let Some(data) = self.late_pong.take()
        {
            self.pong(&data);
        }
    }

    /// Queues one whole frame, so that no other can get into the middle of it.
    fn frame(&mut self, opcode: OpCode, payload: [&[u8]; 2]) {
        if self.closed {
            return;
        }
        // Without randomness there is no safe key, and a server has to refuse what isn't masked.
        let mask = self.masks.then(|| getrandom::u32().unwrap_or_default().to_ne_bytes());
        let header = FrameHeader { opcode, mask, ..FrameHeader::default() };
        let length = payload.iter().map(|part| part.len()).sum::<usize>();
        let end = self.unsent.reserve(header.len(length as u64) + length);
        let formatted = header.format(length as u64, end);
        debug_assert!(formatted.is_ok(), "a Vec takes every byte");
        let start = end.len();
        payload.iter().for_each(|part| end.extend_from_slice(part));
        if let (Some(key), Some(payload)) = (mask, end.get_mut(start..)) {
            apply(key, payload);
        }
    }
}

/// Masks a payload in its place.
fn apply(key: [u8; 4], payload: &mut [u8]) {
    let mut words = payload.chunks_exact_mut(4);
    for word in &mut words {
        word.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    }
    words.into_remainder().iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
}
