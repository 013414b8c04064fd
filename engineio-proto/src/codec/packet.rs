//! One packet as an item: a prefix that says its type, then its data.

use alloc::vec::Vec;

use bytes::Bytes;
use bytestring::ByteString;

use super::base64;
use super::payload::BinaryEncoding;
use crate::error::PacketError;
use crate::frame::{Frame, Prefix};
use crate::packet::{Message, Packet, PacketType};
use crate::revision::Revision;

/// Announces base64 where a text would have its type.
const BASE64: u8 = b'b';

/// The type of what most packets are.
pub(super) const MESSAGE: u8 = b'0' + PacketType::Message.number();

/// The form of a packet's data.
#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Binary,
    Base64,
}

impl Form {
    const fn of(packet: &Packet, binary: BinaryEncoding) -> Self {
        let Packet::Message(message) = packet else { return Self::Text };
        Self::of_message(message, binary)
    }

    #[inline]
    const fn of_message(message: &Message, binary: BinaryEncoding) -> Self {
        match (message, binary) {
            (Message::Text(_), _) => Self::Text,
            (Message::Binary(_), BinaryEncoding::Raw) => Self::Binary,
            (Message::Binary(_), BinaryEncoding::Base64) => Self::Base64,
        }
    }

    /// The prefix of the data. Revision 4 leaves the type out where it can
    /// only be a message (`engine.io-parser/lib/encodePacket.ts`).
    #[inline]
    const fn prefix(self, revision: Revision, packet_type: PacketType) -> Prefix {
        let number = packet_type.number();
        let digit = b'0' + number;
        match (self, revision) {
            (Self::Text, Revision::V3 | Revision::V4) => Prefix::One([digit]),
            (Self::Binary, Revision::V3) => Prefix::One([number]),
            (Self::Binary, Revision::V4) => Prefix::None,
            (Self::Base64, Revision::V3) => Prefix::Two([BASE64, digit]),
            (Self::Base64, Revision::V4) => Prefix::One([BASE64]),
        }
    }
}

pub(super) const fn is_binary(packet: &Packet) -> bool {
    matches!(packet, Packet::Message(Message::Binary(_)))
}

/// A packet on its way into a payload.
#[derive(Debug)]
pub(super) struct Item<'p> {
    form: Form,
    prefix: Prefix,
    data: &'p [u8],
}

impl<'p> Item<'p> {
    pub(super) fn new(revision: Revision, packet: &'p Packet, binary: BinaryEncoding) -> Self {
        let form = Form::of(packet, binary);
        let prefix = form.prefix(revision, packet.packet_type());
        let data: &[u8] = match packet {
            Packet::Open(text) | Packet::Ping(text) | Packet::Pong(text) => text.as_bytes(),
            Packet::Message(message) => message.as_bytes(),
            Packet::Close | Packet::Upgrade | Packet::Noop => &[],
        };
        Self { form, prefix, data }
    }

    pub(super) const fn is_text(&self) -> bool {
        matches!(self.form, Form::Text | Form::Base64)
    }

    /// The length in bytes.
    pub(super) fn len(&self) -> usize {
        let data = match self.form {
            Form::Text | Form::Binary => self.data.len(),
            Form::Base64 => base64::encoded_len(self.data.len()),
        };
        data.saturating_add(self.prefix.as_bytes().len())
    }

    /// The length in UTF-16 code units of an item that is text: one for every
    /// character, and one more for those that UTF-8 writes in four bytes.
    pub(super) fn utf16_len(&self) -> usize {
        match self.form {
            // Nearly all of it is, and this is far faster to tell than to count.
            Form::Text if self.data.is_ascii() => self.len(),
            Form::Text => {
                let starts = |byte: u8| usize::from(byte & 0xc0 != 0x80);
                let long = |byte: u8| usize::from(byte >= 0xf0);
                let data: usize = self.data.iter().map(|&byte| starts(byte) + long(byte)).sum();
                data + self.prefix.as_bytes().len()
            }
            Form::Binary | Form::Base64 => self.len(),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self.prefix {
            Prefix::None => {}
            Prefix::One([byte]) => out.push(byte),
            Prefix::Two(bytes) => out.extend_from_slice(&bytes),
        }
        match self.form {
            Form::Text | Form::Binary => out.extend_from_slice(self.data),
            Form::Base64 => base64::append(self.data, out),
        }
    }
}

/// A packet as a frame.
#[inline]
pub(super) fn encode(revision: Revision, packet: Packet, binary: BinaryEncoding) -> Frame {
    let packet_type = packet.packet_type();
    let data = match packet {
        Packet::Open(text) | Packet::Ping(text) | Packet::Pong(text) => text,
        Packet::Close | Packet::Upgrade | Packet::Noop => ByteString::new(),
        Packet::Message(message) => return encode_message(revision, message, binary),
    };
    Frame::new(Form::Text.prefix(revision, packet_type), Message::Text(data))
}

/// A message's packet as a frame.
#[inline]
pub(super) fn encode_message(
    revision: Revision,
    message: Message,
    binary: BinaryEncoding,
) -> Frame {
    let form = Form::of_message(&message, binary);
    let prefix = form.prefix(revision, PacketType::Message);
    match form {
        Form::Text | Form::Binary => Frame::new(prefix, message),
        Form::Base64 => {
            Frame::new(prefix, Message::Text(base64::encode(message.as_bytes()).into()))
        }
    }
}

/// The packet that an item is. The revisions differ in whether a type follows
/// [`BASE64`], and whether one precedes bytes.
pub(super) fn decode(revision: Revision, item: Message) -> Result<Packet, PacketError> {
    match item {
        Message::Text(text) => decode_part(revision, &text, &text),
        Message::Binary(bytes) => {
            let (packet_type, data) = match revision {
                Revision::V3 => {
                    let (&number, data) = bytes.split_first().ok_or(PacketError::MissingType)?;
                    (from_number(number)?, bytes.slice_ref(data))
                }
                Revision::V4 => (PacketType::Message, bytes),
            };
            packet(packet_type, Message::Binary(data))
        }
    }
}

/// As [`decode`], of an item that is this part of a text. The packet shares the text's memory.
pub(super) fn decode_part(
    revision: Revision,
    text: &ByteString,
    item: &str,
) -> Result<Packet, PacketError> {
    let (first, data) = split_text(item)?;
    decode_text(revision, first, text.slice_ref(data))
}

/// As [`decode`], of a text that begins with this byte.
pub(super) fn decode_text(
    revision: Revision,
    first: u8,
    data: ByteString,
) -> Result<Packet, PacketError> {
    if first == MESSAGE {
        return Ok(Packet::Message(Message::Text(data)));
    }
    if first != BASE64 {
        return packet(from_digit(first)?, Message::Text(data));
    }
    let (packet_type, encoded) = match revision {
        Revision::V3 => {
            let (digit, encoded) = split_text(&data)?;
            (from_digit(digit)?, encoded)
        }
        Revision::V4 => (PacketType::Message, &*data),
    };
    packet(packet_type, Message::Binary(base64::decode(encoded)?))
}

fn packet(packet_type: PacketType, data: Message) -> Result<Packet, PacketError> {
    // Revision 3 lets a peer send every type as binary.
    let as_text = |data| match data {
        Message::Text(text) => Ok(text),
        Message::Binary(bytes) => text(bytes),
    };
    Ok(match packet_type {
        PacketType::Open => Packet::Open(as_text(data)?),
        PacketType::Close => Packet::Close,
        PacketType::Ping => Packet::Ping(as_text(data)?),
        PacketType::Pong => Packet::Pong(as_text(data)?),
        PacketType::Message => Packet::Message(data),
        PacketType::Upgrade => Packet::Upgrade,
        PacketType::Noop => Packet::Noop,
    })
}

/// Bytes that must be text.
pub(super) fn text(bytes: Bytes) -> Result<ByteString, PacketError> {
    ByteString::try_from(bytes).map_err(|_| PacketError::NotUtf8)
}

fn split_text(text: &str) -> Result<(u8, &str), PacketError> {
    let &byte = text.as_bytes().first().ok_or(PacketError::MissingType)?;
    // Nothing can start at 1 if the first character is longer than a byte.
    let rest = text.get(1..).ok_or(PacketError::UnknownType { byte })?;
    Ok((byte, rest))
}

fn from_digit(byte: u8) -> Result<PacketType, PacketError> {
    let number = byte.checked_sub(b'0').and_then(PacketType::from_number);
    number.ok_or(PacketError::UnknownType { byte })
}

fn from_number(byte: u8) -> Result<PacketType, PacketError> {
    PacketType::from_number(byte).ok_or(PacketError::UnknownType { byte })
}
