//! The header of a frame, and what a peer may say in one.

use tungstenite::error::ProtocolError;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::Fault;

/// RFC 6455, section 5.5.
pub(super) const MAX_CONTROL_PAYLOAD: usize = 125;

/// A frame's header (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) opcode: OpCode,
    pub(super) is_final: bool,
    /// The reserved bits, in their place in the first byte. Extensions use them.
    reserved: u8,
    pub(super) mask: Option<[u8; 4]>,
    /// The length of the payload.
    pub(super) length: u64,
}

impl Header {
    /// Takes a header from the front of `input`. `None`, and nothing is taken, until all of it has
    /// come.
    fn take(input: &mut &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = *input else { return None };
        let Rest { length, mask, after } = Rest::read(*second, rest)?;
        *input = after;
        let opcode = OpCode::from(first & OPCODE);
        Some(Self {
            opcode,
            is_final: first & FINAL != 0,
            reserved: first & RESERVED,
            mask,
            length,
        })
    }

    /// Whether an extension has marked it. Without one, it is a breach of the protocol.
    #[inline]
    pub(super) const fn is_marked(&self) -> bool {
        self.reserved != 0
    }

    /// Checks what can be known from a header alone.
    #[inline]
    fn check(&self, role: Role) -> Result<(), ProtocolError> {
        match (role, self.mask) {
            (Role::Server, None) => return Err(ProtocolError::UnmaskedFrameFromClient),
            (Role::Client, Some(_)) => return Err(ProtocolError::MaskedFrameFromServer),
            (Role::Server, Some(_)) | (Role::Client, None) => {}
        }
        match self.opcode {
            OpCode::Data(Data::Reserved(code)) | OpCode::Control(Control::Reserved(code)) => {
                Err(ProtocolError::InvalidOpcode(code))
            }
            OpCode::Control(_) if self.length > MAX_CONTROL_PAYLOAD as u64 => {
                Err(ProtocolError::ControlFrameTooBig)
            }
            OpCode::Control(_) if !self.is_final => Err(ProtocolError::FragmentedControlFrame),
            OpCode::Control(_) | OpCode::Data(_) => Ok(()),
        }
    }

    /// Checks that it is marked as the first of a compressed message, where permessage-deflate
    /// allows that (RFC 7692, section 6).
    #[cold]
    pub(super) fn check_compressed(&self) -> Result<(), ProtocolError> {
        let is_first = matches!(self.opcode, OpCode::Data(Data::Text | Data::Binary));
        if is_first && self.reserved == COMPRESSED {
            Ok(())
        } else {
            Err(ProtocolError::NonZeroReservedBits)
        }
    }
}

/// The usual frame: a message of its own that no extension has marked.
pub(super) struct Whole<'a> {
    pub(super) is_text: bool,
    pub(super) mask: Option<[u8; 4]>,
    pub(super) payload: &'a [u8],
}

impl<'a> Whole<'a> {
    /// Takes such a frame from the front of `input`, if all of it has come, it is no longer than
    /// `max_payload`, and it is masked as it has to be. Anything else is left there.
    #[inline]
    pub(super) fn take(input: &mut &'a [u8], role: Role, max_payload: usize) -> Option<Self> {
        let [first, second, rest @ ..] = *input else { return None };
        let is_text = match *first {
            WHOLE_TEXT => true,
            WHOLE_BINARY => false,
            _ => return None,
        };
        let Rest { length, mask, after } = Rest::read(*second, rest)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= max_payload)?;
        if mask.is_some() != (role == Role::Server) {
            return None;
        }
        let (payload, rest) = after.split_at_checked(length)?;
        *input = rest;
        Some(Self { is_text, mask, payload })
    }
}

/// A header from its second byte on, and what follows it.
struct Rest<'a> {
    length: u64,
    mask: Option<[u8; 4]>,
    after: &'a [u8],
}

impl<'a> Rest<'a> {
    /// Reads what follows the second byte. `None` until all of it has come.
    #[inline]
    fn read(second: u8, rest: &'a [u8]) -> Option<Self> {
        let (length, rest) = match second & LENGTH {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*length), rest)
            }
            short => (u64::from(short), rest),
        };
        if second & MASKED == 0 {
            return Some(Self { length, mask: None, after: rest });
        }
        let (key, after) = rest.split_first_chunk()?;
        Some(Self { length, mask: Some(*key), after })
    }
}

/// The part of a header that has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeaderBytes {
    bytes: [u8; LONGEST],
    count: u8,
}

impl HeaderBytes {
    /// Whether nothing has come.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes a header from the front of `input` once all of it has come.
    #[inline]
    pub(super) fn take(&mut self, input: &mut &[u8], role: Role) -> Result<Option<Header>, Fault> {
        let header = if self.is_empty() { Header::take(input) } else { None };
        let Some(header) = header.or_else(|| self.collect(input)) else { return Ok(None) };
        header.check(role).map_err(Fault::broken)?;
        Ok(Some(header))
    }

    /// Puts a header together, byte by byte: none of what follows belongs to it.
    #[cold]
    fn collect(&mut self, input: &mut &[u8]) -> Option<Header> {
        while let Some((first, rest)) = input.split_first() {
            *self.bytes.get_mut(usize::from(self.count))? = *first;
            *input = rest;
            self.count += 1;
            let mut known = self.bytes.get(..usize::from(self.count)).unwrap_or_default();
            if let Some(header) = Header::take(&mut known) {
                self.count = 0;
                return Some(header);
            }
        }
        None
    }
}

/// What a frame on its way out is: its first byte, without the bit of the last frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind(u8);

impl Kind {
    #[inline]
    pub(super) fn data(is_text: bool) -> Self {
        Self(OpCode::Data(if is_text { Data::Text } else { Data::Binary }).into())
    }

    pub(super) fn control(control: Control) -> Self {
        Self(OpCode::Control(control).into())
    }

    /// The same, with a compressed payload.
    pub(super) const fn compressed(self) -> Self {
        Self(self.0 | COMPRESSED)
    }
}

/// Writes the header of a frame that is a message of its own, or a control frame: up to
/// [`LONGEST`] bytes.
#[inline]
pub(super) fn write(kind: Kind, length: usize, mask: Option<[u8; 4]>, out: &mut Vec<u8>) {
    let first = FINAL | kind.0;
    let masked = if mask.is_some() { MASKED } else { 0 };
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..=125), _) => out.extend_from_slice(&[first, masked | short]),
        (_, Ok(medium)) => {
            let [high, low] = medium.to_be_bytes();
            out.extend_from_slice(&[first, masked | 126, high, low]);
        }
        (_, Err(_)) => {
            out.extend_from_slice(&[first, masked | 127]);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    if let Some(key) = mask {
        out.extend_from_slice(&key);
    }
}

const FINAL: u8 = 0x80;
/// The first byte of a whole text message.
const WHOLE_TEXT: u8 = FINAL | 1;
/// The first byte of a whole binary message.
const WHOLE_BINARY: u8 = FINAL | 2;
const RESERVED: u8 = 0x70;
const COMPRESSED: u8 = 0x40;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;

/// Two bytes, a length of eight, and a mask.
pub(super) const LONGEST: usize = 14;
