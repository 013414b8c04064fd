//! What holds for every packet and for every sequence of bytes.

use bytes::Bytes;
use bytestring::ByteString;
use engineio_proto::{
    BinaryEncoding, ContentType, Frame, Message, Packet, Payload, PayloadSize, Revision,
    decode_frame, decode_payload, encode_frame, encode_payload,
};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn frame_decodes_to_the_packet_that_it_was_made_of(
        revision in revision(),
        packet in packet(any::<char>()),
        binary in binary_encoding(),
    ) {
        let ours = encode_frame(revision, packet.clone(), binary);
        let theirs = received(&ours);
        prop_assert_eq!(ours.len(), theirs.len());
        prop_assert_eq!(decode_frame(revision, ours), Ok(packet.clone()));
        prop_assert_eq!(decode_frame(revision, theirs), Ok(packet));
    }

    #[test]
    fn without_binary_every_frame_and_every_payload_is_text(
        revision in revision(),
        packet in packet(any::<char>()),
    ) {
        prop_assert!(encode_frame(revision, packet.clone(), BinaryEncoding::Base64).is_text());
        let payload = encode_payload(revision, &[packet], BinaryEncoding::Base64);
        prop_assert_eq!(payload.content_type, ContentType::Text);
        prop_assert!(core::str::from_utf8(&payload.body).is_ok());
    }

    #[test]
    fn payload_decodes_to_the_packets_that_it_was_made_of(
        (revision, packets) in batch(),
        binary in binary_encoding(),
    ) {
        let payload = encode_payload(revision, &packets, binary);
        prop_assert_eq!(decode_payload(revision, payload, packets.len()), Ok(packets));
    }

    #[test]
    fn size_of_a_payload_is_known_before_it_is_made(
        (revision, packets) in batch(),
        binary in binary_encoding(),
    ) {
        let mut size = PayloadSize::new(revision, binary);
        for count in 0..=packets.len() {
            let payload = encode_payload(revision, &packets[..count], binary);
            prop_assert_eq!(size.bytes(), payload.body.len());
            prop_assert_eq!(size.packets(), count);
            if let Some(next) = packets.get(count) {
                size = size.with(next);
            }
        }
    }

    #[test]
    fn whatever_decodes_as_a_frame_can_be_said_again(
        revision in revision(),
        bytes in hostile(),
        binary in binary_encoding(),
    ) {
        for frame in frames(bytes) {
            if let Ok(packet) = decode_frame(revision, frame) {
                let again = encode_frame(revision, packet.clone(), binary);
                prop_assert_eq!(decode_frame(revision, again), Ok(packet));
            }
        }
    }

    #[test]
    fn whatever_decodes_as_a_payload_can_be_said_again(
        revision in revision(),
        body in hostile(),
        binary in binary_encoding(),
    ) {
        for form in [ContentType::Text, ContentType::Binary] {
            let payload = Payload { body: body.clone(), content_type: form };
            if let Ok(packets) = decode_payload(revision, payload, 1_000) {
                let again = encode_payload(revision, &packets, binary);
                prop_assert_eq!(decode_payload(revision, again, packets.len()), Ok(packets));
            }
        }
    }

    #[test]
    fn damaged_payload_is_still_only_refused_or_understood(
        (revision, packets) in batch(),
        binary in binary_encoding(),
        position: prop::sample::Index,
        damage: u8,
        cut: prop::sample::Index,
    ) {
        let Payload { body, content_type } = encode_payload(revision, &packets, binary);
        let mut body = body.to_vec();
        let position = position.index(body.len());
        body[position] = damage;
        body.truncate(cut.index(body.len()) + 1);
        let payload = Payload { body: body.into(), content_type };
        if let Ok(packets) = decode_payload(revision, payload, 1_000) {
            let again = encode_payload(revision, &packets, binary);
            prop_assert_eq!(decode_payload(revision, again, packets.len()), Ok(packets));
        }
    }
}

fn binary_encoding() -> impl Strategy<Value = BinaryEncoding> {
    prop_oneof![Just(BinaryEncoding::Raw), Just(BinaryEncoding::Base64)]
}

fn revision() -> impl Strategy<Value = Revision> {
    prop_oneof![Just(Revision::V3), Just(Revision::V4)]
}

/// Texts of ASCII and of all the rest, as the fast path is for the former.
fn text(character: impl Strategy<Value = char>) -> impl Strategy<Value = ByteString> {
    prop_oneof!["[ -~]{0,120}", vec(character, 0..40).prop_map(String::from_iter)]
        .prop_map(ByteString::from)
}

fn packet(character: impl Strategy<Value = char> + Clone) -> impl Strategy<Value = Packet> {
    prop_oneof![
        1 => text(character.clone()).prop_map(Packet::Open),
        1 => Just(Packet::Close),
        1 => text(character.clone()).prop_map(Packet::Ping),
        1 => text(character.clone()).prop_map(Packet::Pong),
        4 => text(character).prop_map(|text| Packet::Message(Message::Text(text))),
        4 => vec(any::<u8>(), 0..120)
            .prop_map(|bytes| Packet::Message(Message::Binary(bytes.into()))),
        1 => Just(Packet::Upgrade),
        1 => Just(Packet::Noop),
    ]
}

/// Some packets that fit into one payload: revision 4 can't hold a U+001E.
fn batch() -> impl Strategy<Value = (Revision, Vec<Packet>)> {
    revision().prop_flat_map(|revision| {
        let character = any::<char>().prop_map(move |character| match revision {
            Revision::V4 if character == '\u{1e}' => ' ',
            Revision::V3 | Revision::V4 => character,
        });
        (Just(revision), vec(packet(character), 1..12))
    })
}

/// Anything, and pieces of what a payload is made of in any order.
fn hostile() -> impl Strategy<Value = Bytes> {
    let piece = prop_oneof![
        Just("\u{1e}"),
        Just("b"),
        Just("b4"),
        Just("4"),
        Just("2"),
        Just("1"),
        Just("0"),
        Just(":"),
        Just("1:"),
        Just("2:"),
        Just("5:"),
        Just("😀"),
        Just("é"),
        Just("="),
        Just("AQID"),
        Just("Aa=="),
        Just("probe"),
        Just("\0"),
        Just("\u{1}"),
        Just("\u{4}"),
    ];
    // 0xff, which ends a binary length, is no text.
    let piece = prop_oneof![
        8 => piece.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => Just(vec![0xff]),
        1 => Just(vec![0, 2, 0xff]),
        1 => Just(vec![1, 3, 0xff]),
    ];
    prop_oneof![vec(any::<u8>(), 0..60), vec(piece, 0..20).prop_map(|pieces| pieces.concat()),]
        .prop_map(Bytes::from)
}

fn frames(bytes: Bytes) -> impl Iterator<Item = Frame> {
    let text = ByteString::try_from(bytes.clone()).ok().map(Frame::text);
    text.into_iter().chain([Frame::binary(bytes)])
}

/// The frame as the other end gets it: in one piece.
fn received(frame: &Frame) -> Frame {
    let bytes = Bytes::from(frame.parts().concat());
    if frame.is_text() {
        Frame::text(ByteString::try_from(bytes).expect("a text frame is text"))
    } else {
        Frame::binary(bytes)
    }
}
