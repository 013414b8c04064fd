//! What several fuzz targets share.

pub mod operation;
pub mod watched;

use bytes::Bytes;
use engineio_proto::{
    BinaryEncoding, ContentType, Message, Packet, Payload, PayloadSize, Revision, decode_payload,
    encode_payload,
};
use libfuzzer_sys::arbitrary::{Result, Unstructured};

/// The revision that the first byte of an input chooses.
pub fn revision(flags: u8) -> Revision {
    if flags & 1 > 0 { Revision::V3 } else { Revision::V4 }
}

/// Whether binary data may be written as it is.
pub fn binary_encoding(is_raw: bool) -> BinaryEncoding {
    if is_raw { BinaryEncoding::Raw } else { BinaryEncoding::Base64 }
}

/// Any packet.
pub fn packet(bytes: &mut Unstructured<'_>) -> Result<Packet> {
    Ok(match bytes.int_in_range(0..=7)? {
        0 => Packet::Open(bytes.arbitrary::<String>()?.into()),
        1 => Packet::Close,
        2 => Packet::Ping(bytes.arbitrary::<String>()?.into()),
        3 => Packet::Pong(bytes.arbitrary::<String>()?.into()),
        4 => Packet::Message(bytes.arbitrary::<String>()?.into()),
        5 => Packet::Message(bytes.arbitrary::<Vec<u8>>()?.into()),
        6 => Packet::Upgrade,
        _ => Packet::Noop,
    })
}

/// The invariant of both payload targets. The first byte of the input says whether the body has
/// the binary content type and whether what is written may have it.
pub fn check_payload(revision: Revision, input: &[u8]) {
    let Some((&flags, bytes)) = input.split_first() else { return };
    let binary = binary_encoding(flags & 2 > 0);
    let content_type = if flags & 1 > 0 { ContentType::Binary } else { ContentType::Text };

    let body = Bytes::copy_from_slice(bytes);
    let theirs = decode_payload(revision, Payload { body, content_type }, 1_000);
    if let Ok(packets) = theirs {
        check_round_trip(revision, &packets, binary);
    }
    let mut bytes = Unstructured::new(bytes);
    let mut packets = Vec::new();
    while !bytes.is_empty()
        && let Ok(packet) = packet(&mut bytes)
    {
        if revision == Revision::V3 || !has_separator(&packet) {
            packets.push(packet);
        }
    }
    if !packets.is_empty() {
        check_round_trip(revision, &packets, binary);
    }
}

fn check_round_trip(revision: Revision, packets: &[Packet], binary: BinaryEncoding) {
    let size = packets.iter().fold(PayloadSize::new(revision, binary), PayloadSize::with);
    let payload = encode_payload(revision, packets, binary);
    assert_eq!(size.bytes(), payload.body.len());
    assert!(binary == BinaryEncoding::Raw || payload.content_type == ContentType::Text);
    assert_eq!(decode_payload(revision, payload, packets.len()).as_deref(), Ok(packets));
}

/// Revision 4 can't put a text with a U+001E into a payload.
fn has_separator(packet: &Packet) -> bool {
    match packet {
        Packet::Open(text) | Packet::Ping(text) | Packet::Pong(text) => text.contains('\x1e'),
        Packet::Message(Message::Text(text)) => text.contains('\x1e'),
        Packet::Close | Packet::Message(_) | Packet::Upgrade | Packet::Noop => false,
    }
}
