//! Guarantees of the codec, and the error of each kind of broken input.

use bytes::Bytes;
use bytestring::ByteString;
use engineio_proto::Revision::{V3, V4};
use engineio_proto::{
    BinaryEncoding, ContentType, DecodeError, Frame, Message, Packet, PacketError, Payload,
    PayloadSize, Revision, decode_frame, decode_payload, encode_frame, encode_payload,
};

const BOTH: [Revision; 2] = [V3, V4];

// --- sharing ---

#[test]
fn frame_shares_the_message_that_it_was_made_of() {
    let bytes = Bytes::from(vec![7; 100]);
    let text = ByteString::from("x".repeat(100));
    for revision in BOTH {
        let frame = encode_frame(revision, binary(bytes.clone()), BinaryEncoding::Raw);
        assert_eq!(frame.parts()[1].as_ptr(), bytes.as_ptr());
        let frame =
            encode_frame(revision, Packet::Message(text.clone().into()), BinaryEncoding::Base64);
        assert_eq!(frame.parts()[1].as_ptr(), text.as_ptr());
    }
}

#[test]
fn message_is_a_slice_of_its_frame() {
    let content = ByteString::from_static("4hello");
    let decoded = decode_frame(V4, Frame::text(content.clone()));
    assert_eq!(data(&decoded.unwrap()).as_ptr(), content[1..].as_ptr());

    let content = Bytes::from_static(b"\x04hello");
    let decoded = decode_frame(V3, Frame::binary(content.clone()));
    assert_eq!(data(&decoded.unwrap()).as_ptr(), content[1..].as_ptr());
}

#[test]
fn messages_of_a_payload_are_slices_of_its_body() {
    let bodies: [(Revision, ContentType, &'static [u8]); 3] = [
        (V4, ContentType::Text, b"2\x1e4hello"),
        (V3, ContentType::Text, b"1:26:4hello"),
        (V3, ContentType::Binary, b"\x01\x06\xff\x04hello"),
    ];
    for (revision, content_type, body) in bodies {
        let body = Bytes::from_static(body);
        let packets =
            decode_payload(revision, Payload { body: body.clone(), content_type }, 10).unwrap();
        let data = data(packets.last().unwrap());
        assert_eq!(data.as_ptr(), body[body.len() - 5..].as_ptr());
    }
}

// --- forms ---

#[test]
fn message_without_data_is_the_empty_text() {
    for revision in BOTH {
        assert_eq!(decode_text(revision, "4"), Ok(Packet::Message("".into())));
    }
}

#[test]
fn data_of_a_type_that_has_none_is_dropped() {
    for revision in BOTH {
        assert_eq!(decode_text(revision, "1bye"), Ok(Packet::Close));
        assert_eq!(decode_text(revision, "5now"), Ok(Packet::Upgrade));
        assert_eq!(decode_text(revision, "6nothing"), Ok(Packet::Noop));
    }
    assert_eq!(decode_frame(V3, Frame::binary(Bytes::from_static(b"\x01\xff"))), Ok(Packet::Close));
    assert_eq!(decode_text(V3, "b1/w=="), Ok(Packet::Close));
}

#[test]
fn v3_payload_is_binary_if_one_packet_is_and_the_transport_can() {
    let text = Packet::Message("€".into());
    let bytes = binary(Bytes::from_static(&[1, 2, 3, 4]));
    let payload = encode_payload(V3, &[text.clone(), bytes.clone()], BinaryEncoding::Raw);
    assert_eq!(payload.content_type, ContentType::Binary);
    assert_eq!(payload.body[..], *b"\x00\x04\xff4\xe2\x82\xac\x01\x05\xff\x04\x01\x02\x03\x04");

    let payload = encode_payload(V3, &[text.clone(), bytes], BinaryEncoding::Base64);
    assert_eq!(
        (payload.content_type, &payload.body[..]),
        (ContentType::Text, "2:4€10:b4AQIDBA==".as_bytes())
    );

    let payload = encode_payload(V3, &[text], BinaryEncoding::Raw);
    assert_eq!((payload.content_type, &payload.body[..]), (ContentType::Text, "2:4€".as_bytes()));
}

#[test]
fn first_binary_packet_changes_the_size_of_what_came_before() {
    let size = PayloadSize::new(V3, BinaryEncoding::Raw).with(&Packet::Message("€uro".into()));
    assert_eq!(size.bytes(), "5:4€uro".len());
    let size = size.with(&binary(Bytes::from_static(&[1])));
    assert_eq!(size.bytes(), b"\x00\x07\xff4...uro".len() + b"\x01\x02\xff\x04\x01".len());
}

// --- what is refused ---

#[test]
fn frame_without_a_type_is_refused() {
    for revision in BOTH {
        assert_eq!(decode_text(revision, ""), refused(PacketError::MissingType));
        for (text, byte) in [("7", b'7'), ("a", b'a'), (" 4", b' '), ("\u{4}", 4), ("😀", 0xf0)] {
            assert_eq!(decode_text(revision, text), refused(PacketError::UnknownType { byte }));
        }
    }
    assert_eq!(decode_text(V3, "b"), refused(PacketError::MissingType));
    assert_eq!(decode_text(V3, "bA"), refused(PacketError::UnknownType { byte: b'A' }));
    let empty = Frame::binary(Bytes::new());
    assert_eq!(decode_frame(V3, empty.clone()), refused(PacketError::MissingType));
    assert_eq!(decode_frame(V4, empty), Ok(binary(Bytes::new())));
    let digit = Frame::binary(Bytes::from_static(b"4"));
    assert_eq!(decode_frame(V3, digit), refused(PacketError::UnknownType { byte: b'4' }));
}

#[test]
fn base64_may_lack_its_padding_but_nothing_else() {
    for text in ["bAQ==", "bAQ=", "bAQ"] {
        assert_eq!(decode_text(V4, text), Ok(binary(Bytes::from_static(&[1]))));
    }
    for text in
        ["bA", "bAQ===", "b====", "bA=Q=", "bAR==", " bAQ", "bA\n", "b=\n===", "b-_-_", "bAQ==AQ=="]
    {
        assert!(decode_text(V4, text).is_err(), "{text}");
    }
    assert_eq!(decode_text(V4, "b*"), refused(PacketError::NotBase64));
}

/// As the Java client writes it: `Base64.encode(.., Base64.DEFAULT)` breaks lines as MIME does.
#[test]
fn base64_with_line_breaks_is_taken() {
    let bytes: Vec<u8> = (0..100).collect();
    let in_one_line = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4\
        OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiYw==";
    let (first, second) = in_one_line.split_at(76);
    for end in ["\n", "\r\n", " \t"] {
        let lines = format!("{first}{end}{second}{end}");
        let v4 = Frame::text(format!("b{lines}").into());
        assert_eq!(decode_frame(V4, v4), Ok(binary(bytes.clone().into())));
        let v3 = Frame::text(format!("b4{lines}").into());
        assert_eq!(decode_frame(V3, v3), Ok(binary(bytes.clone().into())));

        let expected = [
            Packet::Message("a".into()),
            binary(bytes.clone().into()),
            Packet::Message("b\n".into()),
        ];
        let v4 = format!("4a\u{1e}b{lines}\u{1e}4b\n");
        assert_eq!(decode(V4, &v4).as_deref(), Ok(&expected[..]));
        // The length counts the breaks.
        let v3 = format!("2:4a{}:b4{lines}3:4b\n", lines.len() + 2);
        assert_eq!(decode(V3, &v3).as_deref(), Ok(&expected[..]));
    }
    assert_eq!(decode_text(V4, "b \n"), Ok(binary(Bytes::new())));
}

#[test]
fn binary_data_where_there_must_be_text_has_to_be_utf_8() {
    for (number, packet) in [
        (0, Packet::Open("é".into())),
        (2, Packet::Ping("é".into())),
        (3, Packet::Pong("é".into())),
    ] {
        let frame = |data: &[u8]| Frame::binary([&[number], data].concat().into());
        assert_eq!(decode_frame(V3, frame("é".as_bytes())), Ok(packet));
        assert_eq!(decode_frame(V3, frame(&[0xc3])), refused(PacketError::NotUtf8));
    }
}

#[test]
fn empty_body_is_no_payload() {
    assert_eq!(decode(V4, ""), Err(DecodeError::EmptyPayload));
    assert_eq!(decode(V3, ""), Err(DecodeError::EmptyPayload));
    assert_eq!(decode_bytes(V3, b""), Err(DecodeError::EmptyPayload));
}

#[test]
fn revision_4_has_no_binary_payloads() {
    assert_eq!(decode_bytes(V4, b"4hello"), Err(DecodeError::BinaryPayload));
}

#[test]
fn text_payload_must_be_utf_8() {
    for revision in BOTH {
        let payload =
            Payload { body: Bytes::from_static(b"4\xff"), content_type: ContentType::Text };
        assert_eq!(decode_payload(revision, payload, 10), Err(DecodeError::PayloadNotUtf8));
    }
}

#[test]
fn error_says_which_packet_is_wrong() {
    let error = decode(V4, "4a\u{1e}2\u{1e}7").unwrap_err();
    assert_eq!(error, in_payload(2, PacketError::UnknownType { byte: b'7' }));
    assert_eq!(error.to_string(), "packet 2 of the payload: unknown packet type 0x37");
}

#[test]
fn empty_packet_is_refused_wherever_it_is() {
    let missing = PacketError::MissingType;
    for (text, index) in [("\u{1e}4", 0), ("4\u{1e}", 1), ("4\u{1e}\u{1e}4", 1)] {
        assert_eq!(decode(V4, text), Err(in_payload(index, missing)));
    }
    for (text, index) in [("0:", 0), ("1:40:1:4", 1)] {
        assert_eq!(decode(V3, text), Err(in_payload(index, missing)));
    }
    assert_eq!(decode_bytes(V3, &[0, 0, 0xff]), Err(in_payload(0, missing)));
    assert_eq!(decode_bytes(V3, &[1, 0, 0xff]), Err(in_payload(0, missing)));
}

#[test]
fn counted_length_is_digits_and_fits() {
    for text in [":4", "4hello", "6", "+1:4", "-1:4", " 1:4", "1 :4", "1.0:4", "0x1:4", "1e0:4"] {
        assert_eq!(decode(V3, text), Err(in_payload(0, PacketError::BadLength)), "{text}");
    }
    for text in ["2:4", "18446744073709551616:4", "99999999999999999999999:4", "6:4€€"] {
        assert_eq!(decode(V3, text), Err(in_payload(0, PacketError::Truncated)), "{text}");
    }
    assert_eq!(decode(V3, "1:4x"), Err(in_payload(1, PacketError::BadLength)));
    assert_eq!(decode(V3, "1:41"), Err(in_payload(1, PacketError::BadLength)));
}

#[test]
fn counted_length_may_not_cut_a_character() {
    for text in ["2:4😀", "2:4😀1:6", "3:4a😀", "4:4😀😀"] {
        assert_eq!(decode(V3, text), Err(in_payload(0, PacketError::SplitCharacter)), "{text}");
    }
}

#[test]
fn marked_packet_has_a_marker_digits_and_all_of_its_bytes() {
    let cases: [(&[u8], PacketError); 8] = [
        (&[2, 1, 0xff, 4], PacketError::UnknownMarker { byte: 2 }),
        (b"1:4", PacketError::UnknownMarker { byte: b'1' }),
        (&[1], PacketError::BadLength),
        (&[1, 0xff, 4], PacketError::BadLength),
        (&[1, 10, 0xff, 4], PacketError::BadLength),
        (&[1, 1, 4], PacketError::BadLength),
        (&[1, 2, 0xff, 4], PacketError::Truncated),
        (&[0, 2, 0xff, b'4', 0xff], PacketError::NotUtf8),
    ];
    for (body, error) in cases {
        assert_eq!(decode_bytes(V3, body), Err(in_payload(0, error)), "{body:?}");
    }
    let trailing = [1, 1, 0xff, 4, 9];
    assert_eq!(
        decode_bytes(V3, &trailing),
        Err(in_payload(1, PacketError::UnknownMarker { byte: 9 }))
    );
}

#[test]
fn one_packet_more_than_allowed_is_refused() {
    assert_eq!(decode(V4, &["4"; 10].join("\u{1e}")).map(|packets| packets.len()), Ok(10));
    let error = decode(V4, &["4"; 11].join("\u{1e}")).unwrap_err();
    assert_eq!(error, DecodeError::TooManyPackets { max: 10 });
    assert_eq!(error.to_string(), "the payload has more than 10 packets");
    assert_eq!(decode(V3, &"1:4".repeat(11)), Err(DecodeError::TooManyPackets { max: 10 }));
}

// --- work ---

/// Quadratic work on a megabyte would take minutes.
#[test]
fn large_hostile_body_is_read_to_its_end() {
    let size = 1_000_000;
    let emoji = "😀".repeat(size / 4);
    let counted = format!("{}:4{emoji}", 1 + size / 2);
    let texts = [
        (V3, "1:".repeat(size / 2)),
        (V3, "1:4".repeat(size / 3)),
        (V3, "3:4😀".repeat(size / 7)),
        (V3, "2:4é".repeat(size / 5)),
        (V3, "1".repeat(size)),
        (V3, "0".repeat(size)),
        (V3, counted),
        (V3, format!("{}:4{emoji}", size / 2)),
        (V3, format!("1:4{emoji}")),
        (V4, "\u{1e}".repeat(size)),
        (V4, "4\u{1e}".repeat(size / 2)),
        (V4, format!("b{}", "A".repeat(size))),
        (V4, emoji),
    ];
    for (revision, text) in texts {
        let payload = Payload { body: text.into(), content_type: ContentType::Text };
        let _ = decode_payload(revision, payload, usize::MAX);
    }
    for pattern in [&[0, 1, 0xff, b'4'][..], &[1, 1, 0xff, 4], &[0], &[1], &[0, 9], &[0xff]] {
        let payload = Payload {
            body: pattern.repeat(size / pattern.len()).into(),
            content_type: ContentType::Binary,
        };
        let _ = decode_payload(V3, payload, usize::MAX);
    }
}

fn decode_text(revision: Revision, text: &'static str) -> Result<Packet, DecodeError> {
    decode_frame(revision, Frame::text(ByteString::from_static(text)))
}

fn decode(revision: Revision, text: &str) -> Result<Vec<Packet>, DecodeError> {
    let payload =
        Payload { body: Bytes::copy_from_slice(text.as_bytes()), content_type: ContentType::Text };
    decode_payload(revision, payload, 10)
}

fn decode_bytes(revision: Revision, body: &[u8]) -> Result<Vec<Packet>, DecodeError> {
    decode_payload(
        revision,
        Payload { body: Bytes::copy_from_slice(body), content_type: ContentType::Binary },
        10,
    )
}

fn refused(error: PacketError) -> Result<Packet, DecodeError> {
    Err(DecodeError::Packet(error))
}

fn in_payload(index: usize, error: PacketError) -> DecodeError {
    DecodeError::InPayload { index, error }
}

fn binary(bytes: Bytes) -> Packet {
    Packet::Message(Message::Binary(bytes))
}

fn data(packet: &Packet) -> &[u8] {
    match packet {
        Packet::Message(message) => message.as_bytes(),
        Packet::Open(_)
        | Packet::Close
        | Packet::Ping(_)
        | Packet::Pong(_)
        | Packet::Upgrade
        | Packet::Noop => panic!("not a message: {packet:?}"),
    }
}
