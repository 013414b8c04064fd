//! The way in: frames are put together to messages.

use std::mem;

use engineio_proto::Frame;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::header::{Header, HeaderBytes, MAX_CONTROL_PAYLOAD, Whole};
use super::payload::Growing;
use super::{Fault, Received};
use super::{deflate, large, mask};

/// The most frames of one message. A megabyte in frames of 1 KiB has a tenth of this.
const MAX_FRAGMENTS: u32 = 10_000;

/// The most empty frames of one message. Clients that stream usually end with one; more have no
/// use.
const MAX_EMPTY_FRAGMENTS: u8 = 100;

/// So many bytes of a frame are worth a read of their own.
const LONG: usize = 32 << 10;

/// Bytes in, messages out.
///
/// A byte of a payload is copied once, into the message's own buffer, or read to it directly. The
/// buffer grows with what has arrived, and ends exactly as long as a message of one frame. The rules
/// are tungstenite's. A compressed message is inflated when all of it has come, into a buffer of its
/// own.
pub(super) struct Reader {
    role: Role,
    compression: Compression,
    max_payload: usize,
    stage: Stage,
    message: Message,
    /// The payload of a control frame, which may come between the frames of a message.
    control: Option<Box<ControlPayload>>,
    /// How many frames have begun.
    frames: u32,
    /// Messages aren't kept.
    discards: bool,
    /// How many bytes were inflated.
    inflated: u32,
}

/// What to do about compressed messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    /// They aren't allowed.
    Refused,
    Inflated,
    /// They are let pass as they are, since nobody reads them.
    Ignored,
}

/// What is coming.
enum Stage {
    Header(HeaderBytes),
    Payload(Payload),
}

/// A frame, behind its header.
struct Payload {
    opcode: OpCode,
    is_final: bool,
    /// The message has other frames, too.
    is_fragment: bool,
    /// The key for the next byte comes first.
    mask: Option<[u8; 4]>,
    /// Bytes that are to come.
    left: usize,
}

/// The payload of a control frame.
pub(super) struct ControlPayload {
    bytes: [u8; MAX_CONTROL_PAYLOAD],
    count: u8,
}

/// The message that is being received, and what it has used of its limits.
#[derive(Default)]
struct Message {
    payload: Growing,
    is_text: bool,
    is_compressed: bool,
    /// More frames have to follow.
    is_open: bool,
    frames: u32,
    empty_frames: u8,
}

impl Reader {
    pub(super) fn new(role: Role, max_payload: usize) -> Self {
        Self {
            role,
            compression: Compression::Refused,
            max_payload,
            stage: Stage::Header(HeaderBytes::default()),
            message: Message::default(),
            control: None,
            frames: 0,
            discards: false,
            inflated: 0,
        }
    }

    /// The memory of the message that has come in part.
    #[inline]
    pub(super) const fn partial_len(&self) -> usize {
        self.message.payload.capacity()
    }

    /// Drops the message that has come in part, and keeps none from now on.
    pub(super) fn discard(&mut self) {
        self.message.payload = Growing::default();
        self.discards = true;
    }

    pub(super) const fn set_compression(&mut self, compression: Compression) {
        self.compression = compression;
    }

    pub(super) fn inflates(&self) -> bool {
        self.compression == Compression::Inflated
    }

    /// How many bytes were inflated since the last call.
    pub(super) const fn take_inflated(&mut self) -> u32 {
        mem::replace(&mut self.inflated, 0)
    }

    pub(super) const fn frames(&self) -> u32 {
        self.frames
    }

    /// Releases all memory, as nothing more will be read.
    pub(super) fn clear(&mut self) {
        *self = Self { frames: self.frames, ..Self::new(self.role, 0) };
    }

    /// Takes the payload of a message that has one frame and has come in one piece from the front of
    /// `input`: the usual message. Tells whether it is text, too. `None`, and nothing is taken, if
    /// anything else is next.
    #[inline]
    pub(super) fn take_whole(&mut self, input: &mut &[u8]) -> Option<(Vec<u8>, bool)> {
        let Stage::Header(header) = &self.stage else { return None };
        if !header.is_empty() || self.message.is_open || self.discards {
            return None;
        }
        let Whole { is_text, mask, payload } = Whole::take(input, self.role, self.max_payload)?;
        self.frames = self.frames.wrapping_add(1);
        let mut copy = large::empty(payload.len());
        match mask {
            Some(key) => mask::extend(&mut copy, key, payload),
            None => copy.extend_from_slice(payload),
        }
        Some((copy, is_text))
    }

    /// Takes what comes next from the front of `input`; `None` if more is needed. The payloads of
    /// pings on the way go to `ping`.
    pub(super) fn take(
        &mut self,
        input: &mut &[u8],
        mut ping: impl FnMut(Box<ControlPayload>),
    ) -> Result<Option<Received>, Fault> {
        loop {
            let frame = match &mut self.stage {
                Stage::Payload(frame) => frame,
                Stage::Header(header) => {
                    let Some(header) = header.take(input, self.role)? else { return Ok(None) };
                    self.frames = self.frames.wrapping_add(1);
                    if header.is_marked() {
                        self.check_marked(&header).map_err(Fault::broken)?;
                    }
                    let frame = self.message.begin(&header, self.max_payload)?;
                    if self.discards {
                        self.message.payload = Growing::default();
                    }
                    self.stage = Stage::Payload(frame);
                    continue;
                }
            };
            let part = input.get(..frame.left).unwrap_or(*input);
            *input = input.get(part.len()..).unwrap_or_default();
            match frame.opcode {
                OpCode::Data(_) if self.discards => frame.left -= part.len(),
                OpCode::Data(_) => frame.append(part, &mut self.message.payload),
                OpCode::Control(_) => {
                    let control = self.control.get_or_insert_default();
                    frame.unmask(control.append(part));
                }
            }
            if frame.left > 0 {
                return Ok(None);
            }
            let (opcode, is_final) = (frame.opcode, frame.is_final);
            self.stage = Stage::Header(HeaderBytes::default());
            if let Some(received) = self.complete(opcode, is_final, &mut ping)? {
                return Ok(Some(received));
            }
        }
    }

    /// Where the next bytes are to be read to, at most `most` of them: the message's own buffer,
    /// while a long part of its payload is to come.
    pub(super) fn room(&mut self, most: usize) -> Option<&mut [u8]> {
        let Stage::Payload(frame) = &self.stage else { return None };
        if frame.left < LONG || matches!(frame.opcode, OpCode::Control(_)) {
            return None;
        }
        let payload = &mut self.message.payload;
        let longest = frame.longest(payload);
        Some(payload.room(frame.left.min(most), longest))
    }

    /// Says that the first `count` bytes of the [room](Self::room) have come. Whether the frame is
    /// whole, and [`take`](Self::take) has to go on with it.
    pub(super) fn fill(&mut self, count: usize) -> bool {
        let Stage::Payload(frame) = &mut self.stage else { return false };
        frame.unmask(self.message.payload.fill(count.min(frame.left)));
        frame.left == 0
    }

    /// A frame is whole.
    fn complete(
        &mut self,
        opcode: OpCode,
        is_final: bool,
        ping: impl FnOnce(Box<ControlPayload>),
    ) -> Result<Option<Received>, Fault> {
        let OpCode::Control(control) = opcode else {
            return if is_final { self.complete_message() } else { Ok(None) };
        };
        let payload = self.control.take().unwrap_or_default();
        match control {
            Control::Ping => ping(payload),
            Control::Close => return Ok(Some(Received::Closed(close_code(payload.as_bytes())?))),
            Control::Pong | Control::Reserved(_) => {}
        }
        Ok(None)
    }

    #[cold]
    fn check_marked(&self, header: &Header) -> Result<(), ProtocolError> {
        match self.compression {
            Compression::Refused => Err(ProtocolError::NonZeroReservedBits),
            Compression::Inflated | Compression::Ignored => header.check_compressed(),
        }
    }

    /// The last frame of a message is whole.
    fn complete_message(&mut self) -> Result<Option<Received>, Fault> {
        let Message { payload, mut is_text, is_compressed, .. } = mem::take(&mut self.message);
        let mut payload = payload.finish();
        if is_compressed && !self.discards {
            if self.inflates() {
                payload = deflate::inflate(&payload, self.max_payload)?;
                let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
                self.inflated = self.inflated.saturating_add(length);
            } else {
                is_text = false;
            }
        }
        Ok(Some(Received::Frame(message(payload, is_text)?)))
    }
}

impl Payload {
    /// Adds a part of the payload to what was there before.
    fn append(&mut self, part: &[u8], into: &mut Growing) {
        into.reserve(part.len(), self.longest(into));
        into.append(part, self.mask);
        self.advance(part.len());
    }

    /// How long the message can become. In fragments nobody knows.
    const fn longest(&self, message: &Growing) -> usize {
        if self.is_fragment { usize::MAX } else { message.len().saturating_add(self.left) }
    }

    /// The next bytes of the payload have come, still masked.
    fn unmask(&mut self, part: &mut [u8]) {
        if let Some(key) = self.mask {
            mask::apply(key, part);
        }
        self.advance(part.len());
    }

    /// So many bytes of the payload have come.
    fn advance(&mut self, count: usize) {
        self.left -= count;
        if let Some(key) = &mut self.mask {
            key.rotate_left(count % 4);
        }
    }
}

impl ControlPayload {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// Adds a part, which the header has promised to be short, and gives its place.
    fn append(&mut self, part: &[u8]) -> &mut [u8] {
        let start = usize::from(self.count);
        let place = self.bytes.get_mut(start..start + part.len()).unwrap_or_default();
        if place.len() == part.len() {
            place.copy_from_slice(part);
            self.count += part.len() as u8;
        }
        place
    }
}

impl Default for ControlPayload {
    fn default() -> Self {
        Self { bytes: [0; MAX_CONTROL_PAYLOAD], count: 0 }
    }
}

impl Message {
    /// A frame begins. It goes on with the message, or is the first of the next one.
    fn begin(&mut self, header: &Header, max_payload: usize) -> Result<Payload, Fault> {
        let left = usize::try_from(header.length).map_err(|_| Fault::TooLarge)?;
        if let OpCode::Data(data) = header.opcode {
            match (data, self.is_open) {
                (Data::Continue, false) => {
                    return Err(Fault::broken(ProtocolError::UnexpectedContinueFrame));
                }
                (Data::Continue, true) => {}
                (data, true) => return Err(Fault::broken(ProtocolError::ExpectedFragment(data))),
                (data, false) => {
                    self.is_text = data == Data::Text;
                    self.is_compressed = header.is_marked();
                }
            }
            let most = if self.is_compressed { deflate::longest(max_payload) } else { max_payload };
            if left > most.saturating_sub(self.payload.len()) {
                return Err(Fault::TooLarge);
            }
            if data != Data::Continue {
                self.payload = Growing::new(left);
            }
            self.is_open = !header.is_final;
            self.frames += 1;
            self.empty_frames += u8::from(left == 0);
            if self.frames > MAX_FRAGMENTS || self.empty_frames > MAX_EMPTY_FRAGMENTS {
                return Err(Fault::TooManyFragments);
            }
        }
        let Header { opcode, is_final, mask, .. } = *header;
        let is_fragment = !is_final || opcode == OpCode::Data(Data::Continue);
        Ok(Payload { opcode, is_final, is_fragment, mask, left })
    }
}

/// A message that is complete.
#[inline(always)]
pub(super) fn message(payload: Vec<u8>, is_text: bool) -> Result<Frame, Fault> {
    let payload = large::share(payload);
    if is_text {
        Frame::try_text(payload).map_err(|_| Fault::InvalidText)
    } else {
        Ok(Frame::binary(payload))
    }
}

/// The code in a close frame, if it has one. One that no peer may send counts as a breach of the
/// protocol.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Fault> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        let is_empty = payload.is_empty();
        return if is_empty {
            Ok(None)
        } else {
            Err(Fault::broken(ProtocolError::InvalidCloseSequence))
        };
    };
    str::from_utf8(reason).map_err(|_| Fault::InvalidText)?;
    let code = CloseCode::from(u16::from_be_bytes(*code));
    Ok(Some(if code.is_allowed() { code.into() } else { CloseCode::Protocol.into() }))
}
