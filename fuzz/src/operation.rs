//! What can happen to a session.

use bytestring::ByteString;
use engineio_proto::Failure;
use engineio_proto::{BinaryEncoding, CloseCode, Frame, Packet};
use libfuzzer_sys::arbitrary::{Arbitrary, Result, Unstructured};

use crate::binary_encoding;
use crate::watched::numbered;

/// One thing that happens. Connections are numbers, of which any is good.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    Poll(u8),
    Post(u8),
    WebSocket(u8),
    Body(u8, Said),
    Frame(u8, Said),
    Fail(u8, Failure),
    Sleep(u16),
    SleepUntilDeadline,
    Send { size: u16, volatile: bool, key: Option<u8>, count: u8 },
    Close,
    Shutdown,
    Abort,
    Pull(u8),
    PullAll,
    TakeEvents(u8),
}

/// Four bytes each, so that a mutation of one leaves the others what they are.
impl Arbitrary<'_> for Operation {
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let [code, first, second, third]: [u8; 4] = bytes.arbitrary()?;
        let said = Said { what: second, much: third, binary: binary_encoding(second & 0x20 > 0) };
        Ok(match code % 16 {
            0 => Self::Poll(first),
            1 => Self::Post(first),
            2 => Self::WebSocket(first),
            3 => Self::Body(first, said),
            4 | 5 => Self::Frame(first, said),
            6 => Self::Fail(first, failure(second)),
            7 => Self::Sleep(u16::from_le_bytes([first, second])),
            8 => Self::SleepUntilDeadline,
            9 => Self::Send {
                size: u16::from(first) * 4,
                volatile: second & 1 > 0,
                key: (second & 2 > 0).then_some(second >> 2 & 1),
                count: third & 3,
            },
            10 => Self::Close,
            11 => Self::Shutdown,
            12 => Self::Abort,
            13 => Self::Pull(first),
            14 => Self::PullAll,
            _ => Self::TakeEvents(first),
        })
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (4, Some(4))
    }
}

fn failure(byte: u8) -> Failure {
    match byte % 5 {
        0 => Failure::Gone,
        1 => Failure::Closed(CloseCode::NORMAL),
        2 => Failure::TooLarge,
        3 => Failure::Malformed,
        _ => Failure::TimedOut,
    }
}

/// What a peer says.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    what: u8,
    much: u8,
    pub binary: BinaryEncoding,
}

impl Said {
    /// The packets, at least one; a message gets the number that `next` gives.
    pub fn packets(self, server_pings: bool, mut next: impl FnMut() -> u64) -> Vec<Packet> {
        let much = usize::from(self.much);
        let mut message = |padding| Packet::Message(numbered(next(), padding).into());
        let heartbeat = match server_pings {
            true => Packet::Pong(ByteString::new()),
            false => Packet::Ping(ByteString::new()),
        };
        match self.what % 12 {
            0 => (0..=much % 4).map(|_| message(0)).collect(),
            1 => vec![Packet::Message(numbered(next(), much).into_bytes().into())],
            2 => vec![message(much * 8)],
            3 => (0..=much % 20).map(|_| message(0)).collect(),
            4 => vec![heartbeat; 1 + much % 20],
            5 => vec![message(0), heartbeat, message(much)],
            6 => vec![Packet::Ping("probe".into())],
            7 => vec![Packet::Upgrade],
            8 => vec![message(0), Packet::Close, message(0)],
            9 => vec![Packet::Close],
            10 => vec![Packet::Noop, Packet::Open("{}".into())],
            _ => vec![Packet::Ping(ByteString::new()), Packet::Pong(ByteString::new())],
        }
    }

    /// Breaks what was written, sometimes, and says whether it did.
    pub fn damage(self, bytes: &mut Vec<u8>) -> bool {
        match self.what >> 6 {
            1 => bytes.pop().is_some(),
            2 => bytes.last_mut().map(|byte| *byte ^= 0x81).is_some(),
            _ => false,
        }
    }

    /// The frame as the other end gets it: in one piece, and perhaps broken.
    pub fn damaged(self, frame: Frame) -> Frame {
        let mut bytes = frame.parts().concat();
        self.damage(&mut bytes);
        match String::from_utf8(bytes) {
            Ok(text) if frame.is_text() => Frame::text(text.into()),
            Ok(text) => Frame::binary(text.into_bytes().into()),
            Err(error) => Frame::binary(error.into_bytes().into()),
        }
    }
}
