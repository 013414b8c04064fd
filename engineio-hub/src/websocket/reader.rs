//! The way in: frame ends are found here, everything else about frames is tungstenite's.

use std::io::{self, Cursor, ErrorKind, Read, Write};

use bytes::Bytes;
use bytestring::ByteString;
use engineio_proto::Frame;
use tungstenite::{
    Error, Message,
    error::ProtocolError,
    protocol::{
        Role, WebSocketConfig, WebSocketContext,
        frame::{
            FrameHeader,
            coding::{Data, OpCode},
        },
    },
};

use super::{Fault, buffer::Buffer};

/// Enough for the usual message, little enough to zero-fill: tungstenite does that before each of
/// its reads.
const READ_BUFFER: usize = 1024;

/// RFC 6455, 5.5.
const MAX_CONTROL_PAYLOAD: u64 = 125;

/// Frames of one message. A megabyte in frames of 1 KiB has a tenth of this.
const MAX_FRAGMENTS: u32 = 10_000;

/// Empty frames of one message. A last empty frame is usual in clients that stream; more than that
/// has no use.
const MAX_EMPTY_FRAGMENTS: u32 = 100;

pub(super) enum Item {
    Frame(Frame),
    Ping(Bytes),
    Close(Option<u16>),
}

/// Bytes in, messages out.
///
/// The context never sees the socket. It is shown one whole frame at a time, from a buffer that
/// grows with what has arrived, for it reserves at once whatever length a header declares. It
/// exists only while there are frames to show to it or a message is open: its buffer never shrinks,
/// so a new one is the way to give memory back. Nothing is lost with it, because what it has to say
/// to the peer (pongs, the answer to a close) is said by `WriteBuffer`.
pub(super) struct Reader {
    role: Role,
    max_payload: usize,
    received: Buffer,
    context: Option<Box<WebSocketContext>>,
    fragments: Fragments,
}

impl Reader {
    pub(super) fn new(role: Role, max_payload: usize) -> Self {
        Self {
            role,
            max_payload,
            received: Buffer::default(),
            context: None,
            fragments: Fragments::default(),
        }
    }

    /// Gives back all memory: nothing will be read any more.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.role, 0);
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.received.push(bytes);
    }

    /// What comes next, `None` if more bytes are needed.
    pub(super) fn poll(&mut self) -> Result<Option<Item>, Fault> {
        while let Some(header) = self.peek()? {
            if self.received.len() < header.whole {
                break;
            }
            self.fragments.count(&header)?;
            match self.read(&header) {
                // The context is shown no text, and doesn't give out raw frames.
                Ok(Message::Text(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Ok(Message::Binary(bytes)) if self.fragments.text => {
                    let text = ByteString::try_from(bytes).map_err(|_| Fault::InvalidText)?;
                    return Ok(Some(Item::Frame(Frame::text(text))));
                }
                Ok(Message::Binary(bytes)) => return Ok(Some(Item::Frame(Frame::binary(bytes)))),
                Ok(Message::Ping(data)) => return Ok(Some(Item::Ping(data))),
                Ok(Message::Close(close)) => {
                    return Ok(Some(Item::Close(close.map(|close| close.code.into()))));
                }
                // The message goes on in the next frame.
                Err(Error::Io(end)) if end.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !self.fragments.open {
            self.context = None;
        }
        Ok(None)
    }

    /// Shows the next frame, which is whole, to the context.
    fn read(&mut self, header: &Header) -> tungstenite::Result<Message> {
        // Text is shown as binary, for `ByteString` checks it anyhow: a megabyte of umlauts takes
        // 1.4 ms so, and 2.1 ms if the context checks it as well.
        if header.opcode == OpCode::Data(Data::Text)
            && let Some(first) = self.received.front_mut()
        {
            *first = *first & 0xf0 | u8::from(OpCode::Data(Data::Binary));
        }
        let unread = self.received.as_slice().get(..header.whole).unwrap_or_default();
        let context =
            self.context.get_or_insert_with(|| Box::new(context(self.role, self.max_payload)));
        let message = context.read(&mut OneFrame { unread, payload: header.payload });
        self.received.take_out(header.whole);
        // Not only at rest, so that a small message can't keep the buffer of an earlier large one.
        let grown = header.payload > READ_BUFFER || header.opcode == OpCode::Data(Data::Continue);
        if grown && !self.fragments.open {
            self.context = None;
        }
        message
    }

    /// The header of the next frame, once it is there and if it is within the limits.
    fn peek(&self) -> Result<Option<Header>, Fault> {
        let mut cursor = Cursor::new(self.received.as_slice());
        let Some((header, payload)) = FrameHeader::parse(&mut cursor)? else {
            return Ok(None);
        };
        let limit = match header.opcode {
            OpCode::Control(_) if payload > MAX_CONTROL_PAYLOAD => {
                return Err(Error::from(ProtocolError::ControlFrameTooBig).into());
            }
            OpCode::Control(_) => MAX_CONTROL_PAYLOAD as usize,
            OpCode::Data(_) => self.max_payload.saturating_sub(self.fragments.bytes()),
        };
        match usize::try_from(payload) {
            Ok(payload) if payload <= limit => {
                // The header ends where parsing did: a peer may write a length in more bytes than
                // it needs.
                let whole = payload.saturating_add(cursor.position() as usize);
                Ok(Some(Header {
                    opcode: header.opcode,
                    is_final: header.is_final,
                    payload,
                    whole,
                }))
            }
            _ => Err(Fault::TooLarge),
        }
    }
}

fn context(role: Role, max_payload: usize) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(max_payload))
        .max_frame_size(Some(max_payload.max(MAX_CONTROL_PAYLOAD as usize)));
    WebSocketContext::new(role, Some(config))
}

/// What has to be known about a frame before it is whole. Lengths are in bytes.
struct Header {
    opcode: OpCode,
    is_final: bool,
    payload: usize,
    /// Header and payload.
    whole: usize,
}

/// The message that is being received, and what it has used of its limits. Control frames may come
/// between its frames and don't count.
#[derive(Default)]
struct Fragments {
    /// More frames have to follow.
    open: bool,
    /// Stays true until the next message begins.
    text: bool,
    frames: u32,
    empty: u32,
    bytes: usize,
}

impl Fragments {
    const fn bytes(&self) -> usize {
        if self.open { self.bytes } else { 0 }
    }

    fn count(&mut self, frame: &Header) -> Result<(), Fault> {
        let OpCode::Data(data) = frame.opcode else {
            return Ok(());
        };
        if !self.open {
            *self = Self { text: data == Data::Text, ..Self::default() };
        }
        self.open = !frame.is_final;
        self.frames += 1;
        self.empty += u32::from(frame.payload == 0);
        self.bytes += frame.payload;
        if self.frames > MAX_FRAGMENTS || self.empty > MAX_EMPTY_FRAGMENTS {
            return Err(Fault::TooManyFragments);
        }
        Ok(())
    }
}

/// The stream that the context reads from.
struct OneFrame<'a> {
    unread: &'a [u8],
    /// The payload's length.
    payload: usize,
}

impl Read for OneFrame<'_> {
    fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        // Behind the header, the context reserves the payload's length in addition to what it has
        // got by then. Where that doesn't fit, the header goes alone, or the buffer would end up
        // twice as large as the payload.
        let header = self.unread.len().saturating_sub(self.payload);
        let count = if header > 0 && self.unread.len() + self.payload > free.len() {
            header
        } else {
            self.unread.len()
        };
        let (mut now, _) = self.unread.split_at(count);
        let read = now.read(free)?;
        self.unread = self.unread.get(read..).unwrap_or_default();
        Ok(read)
    }
}

/// The context's own control frames are dropped: `WriteBuffer` has the same ones, in their order and
/// within limits.
impl Write for OneFrame<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
