//! Packets to bytes and back, in both revisions and every form.
//!
//! A packet is first an *item*, then an item is *framed*. Items ([`packet`]):
//!
//! | | revision 3 | revision 4 |
//! |---|---|---|
//! | text | `4hello` | `4hello` |
//! | binary, where the transport has binary | `04` `68 69` | `68 69` (only messages) |
//! | binary, where it hasn't | `b4aGk=` | `baGk=` (only messages) |
//!
//! On a framed transport an item is a frame. A payload, which is what polling
//! has for a body, holds several:
//!
//! | framing | when | example | in |
//! |---|---|---|---|
//! | separated | revision 4 | `4hello` `1e` `baGk=` | [`v4`] |
//! | counted | revision 3, nothing binary or no support for it | `6:4hello6:b4aGk=` | [`v3_text`] |
//! | marked | revision 3, anything binary | `00 06 ff` `4hello` `01 03 ff` `04 68 69` | [`v3_binary`] |
//!
//! Decoding is strict. The JavaScript parsers let through much that no encoder
//! writes; the vectors in `tests/vectors` list it case by case. A payload is refused as a
//! whole: no packet of a broken payload is delivered.

mod base64;
mod framing;
mod handshake;
mod packet;
mod payload;
mod size;
mod v3_binary;
mod v3_length;
mod v3_text;
mod v4;

use alloc::vec::Vec;

use bytestring::ByteString;

pub use self::handshake::HandshakeData;
pub(crate) use self::handshake::to_json as handshake_json;
pub use self::payload::{BinaryEncoding, ContentType, Payload};
pub use self::size::PayloadSize;

use self::packet::Item;
use crate::error::{DecodeError, PacketError};
use crate::frame::{Frame, Prefix};
use crate::packet::{Message, Packet};
use crate::revision::Revision;

/// Writes a packet for a framed transport. The frame shares the packet's data.
///
/// A binary message becomes a binary frame, or base64 in a text frame: the only
/// case in which data is copied.
#[inline]
pub fn encode_frame(revision: Revision, packet: Packet, binary: BinaryEncoding) -> Frame {
    packet::encode(revision, packet, binary)
}

/// As [`encode_frame`], of a message's packet.
#[inline]
pub(crate) fn encode_message(
    revision: Revision,
    message: Message,
    binary: BinaryEncoding,
) -> Frame {
    packet::encode_message(revision, message, binary)
}

/// Reads a packet from a frame. Its data is a slice of the frame, except decoded
/// base64.
///
/// Text and binary frames are both understood, whether or not the peer asked
/// for `b64`. Data of a type that has none (`close`, `upgrade`, `noop`) is dropped.
///
/// Base64 is in the standard alphabet, with its padding or without. White space in it is
/// skipped: the Java client breaks its lines. (Node's decoder also takes the URL-safe alphabet
/// and skips every other character.)
///
/// # Errors
///
/// [`DecodeError::Packet`]; see there for what can be wrong.
#[inline]
pub fn decode_frame(revision: Revision, frame: Frame) -> Result<Packet, DecodeError> {
    let packet = match frame.into_parts() {
        // The usual one.
        (Prefix::One([packet::MESSAGE]), text @ Message::Text(_)) => Ok(Packet::Message(text)),
        (Prefix::One([first]), Message::Text(data)) => packet::decode_text(revision, first, data),
        (prefix, payload) => packet::decode(revision, prefix.before(payload)),
    };
    Ok(packet?)
}

/// Writes packets as one body, in one allocation of exactly its size.
///
/// In revision 4 a payload is always text, and binary messages are always base64. In
/// revision 3 a payload is binary if any of its packets is and `binary` allows it
/// (`encodePayload` of `engine.io/lib/parser-v3/index.ts`).
///
/// The protocol can't express two things:
/// - No packets. The body is then empty, which is no payload. (The reference
///   writes `0:` in revision 3, a packet of no length, and skips it when it reads.)
/// - In revision 4, text with a U+001E in it. The other end takes it for the end
///   of the packet (`SEPARATOR` of `engine.io-parser/lib/index.ts` is not escaped).
///
/// ```
/// use engineio_proto::{BinaryEncoding, Packet, Revision, decode_payload, encode_payload};
///
/// let packets = vec![Packet::Ping("".into()), Packet::Message("hello".into())];
/// let payload = encode_payload(Revision::V4, &packets, BinaryEncoding::Raw);
/// assert_eq!(&payload.body[..], b"2\x1e4hello");
/// assert_eq!(decode_payload(Revision::V4, payload, 16), Ok(packets));
/// ```
pub fn encode_payload(revision: Revision, packets: &[Packet], binary: BinaryEncoding) -> Payload {
    let size = packets.iter().fold(PayloadSize::new(revision, binary), PayloadSize::with);
    encode_measured(None, packets, size)
}

/// As [`encode_payload`], of packets whose size is known already.
pub(crate) fn encode_measured(
    first: Option<&Packet>,
    others: &[Packet],
    size: PayloadSize,
) -> Payload {
    let framing = size.framing();
    let mut body = Vec::with_capacity(size.bytes());
    for packet in first.into_iter().chain(others) {
        framing.write(&Item::new(size.revision(), packet, framing.binary()), &mut body);
    }
    debug_assert_eq!(body.len(), size.bytes());
    Payload { body: body.into(), content_type: framing.content_type() }
}

/// Reads the packets of a body: all of them or none. Their data are slices of
/// the body, except decoded base64, so a packet that is kept keeps the whole body.
///
/// The work is linear in the size of the body, and nothing is reserved because
/// of a length that a peer claims. `max_packets` bounds what a body of tiny
/// packets takes once decoded.
///
/// Refused, although the JavaScript parsers take it: an empty packet (`0:` in
/// revision 3), a length that is not plain digits, a length that goes past the
/// end of a binary payload, a marker above 1, and text that isn't UTF-8.
///
/// # Errors
///
/// - [`DecodeError::InPayload`] with the first packet that is wrong.
/// - [`DecodeError::TooManyPackets`] if there is one more than `max_packets`.
/// - [`DecodeError::EmptyPayload`], [`DecodeError::PayloadNotUtf8`] and
///   [`DecodeError::BinaryPayload`] if the body as a whole can't be a payload.
pub fn decode_payload(
    revision: Revision,
    payload: Payload,
    max_packets: usize,
) -> Result<Vec<Packet>, DecodeError> {
    let Payload { body, content_type } = payload;
    let is_binary = content_type == ContentType::Binary;
    if is_binary && !revision.has_binary_payloads() {
        return Err(DecodeError::BinaryPayload);
    }
    if body.is_empty() {
        return Err(DecodeError::EmptyPayload);
    }
    if is_binary {
        let items = v3_binary::items(&body);
        let packets = items.map(|item| packet::decode(revision, item?));
        return collect(packets, 0, max_packets);
    }
    let text = ByteString::try_from(body).map_err(|_| DecodeError::PayloadNotUtf8)?;
    let of_item = |item| packet::decode_part(revision, &text, item);
    match revision {
        Revision::V3 => collect(v3_text::items(&text).map(|item| of_item(item?)), 0, max_packets),
        Revision::V4 => collect(v4::items(&text).map(of_item), v4::count(&text), max_packets),
    }
}

/// All packets of a payload, of which so many are expected; 0 if that isn't known.
fn collect(
    decoded: impl Iterator<Item = Result<Packet, PacketError>>,
    expected: usize,
    max_packets: usize,
) -> Result<Vec<Packet>, DecodeError> {
    let mut packets = Vec::with_capacity(expected.min(max_packets).min(MOST_RESERVED));
    for (index, packet) in decoded.enumerate() {
        if index == max_packets {
            return Err(DecodeError::TooManyPackets { max: max_packets });
        }
        packets.push(packet.map_err(|error| DecodeError::InPayload { index, error })?);
    }
    Ok(packets)
}

/// For how many packets a payload has room at once.
pub(crate) const MOST_RESERVED: usize = 64;
