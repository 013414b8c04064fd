//! The header of a frame, and what a peer may say in one.

use std::io::Cursor;

use tungstenite::error::ProtocolError;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::OpCode;

use super::Fault;

/// RFC 6455, section 5.5.
pub(super) const MAX_CONTROL_PAYLOAD: usize = 125;

/// The part of a header that has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeaderBytes {
    bytes: [u8; LONGEST],
    count: u8,
}

impl HeaderBytes {
    /// Takes a header, and the length of its payload, from the front of `input` once all of it has
    /// come.
    pub(super) fn take(&mut self, input: &mut &[u8]) -> Result<Option<(FrameHeader, u64)>, Fault> {
        if self.count == 0 {
            let mut cursor = Cursor::new(*input);
            if let Some(header) = FrameHeader::parse(&mut cursor)? {
                *input = input.get(cursor.position() as usize..).unwrap_or_default();
                return Ok(Some(header));
            }
        }
        // Its parts are put together, byte by byte: none of what follows belongs to it.
        while let Some((first, rest)) = input.split_first() {
            let Some(place) = self.bytes.get_mut(usize::from(self.count)) else { break };
            (*place, *input) = (*first, rest);
            self.count += 1;
            let known = self.bytes.get(..usize::from(self.count)).unwrap_or_default();
            if let Some(header) = FrameHeader::parse(&mut Cursor::new(known))? {
                self.count = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }
}

/// Checks what can be known from a header alone.
pub(super) fn check(header: &FrameHeader, payload: u64, role: Role) -> Result<(), Fault> {
    let rule = match (role, header.mask) {
        (Role::Server, None) => ProtocolError::UnmaskedFrameFromClient,
        (Role::Client, Some(_)) => ProtocolError::MaskedFrameFromServer,
        _ if header.rsv1 || header.rsv2 || header.rsv3 => ProtocolError::NonZeroReservedBits,
        _ => match header.opcode {
            OpCode::Control(_) if payload > MAX_CONTROL_PAYLOAD as u64 => {
                ProtocolError::ControlFrameTooBig
            }
            OpCode::Control(_) if !header.is_final => ProtocolError::FragmentedControlFrame,
            OpCode::Control(_) | OpCode::Data(_) => return Ok(()),
        },
    };
    Err(rule.into())
}

/// Two bytes, a length of eight, and a mask.
const LONGEST: usize = 14;
