//! Conversions of messages, and how logs show them.

use bytes::Bytes;
use bytestring::ByteString;
use engineio_proto::{
    BinaryEncoding, Frame, Message, Outgoing, Packet, Revision, SendError, decode_frame,
    encode_frame,
};

#[test]
fn text_and_bytes_make_messages_whether_owned_or_borrowed() {
    let owned = String::from("hello");
    for text in [
        Message::from("hello"),
        Message::from(&owned),
        Message::from(owned.as_str()),
        Message::from(owned),
        Message::from(ByteString::from_static("hello")),
    ] {
        assert_eq!(text, Message::Text("hello".into()));
    }
    let owned = vec![1, 2];
    for binary in [
        Message::from(&[1, 2]),
        Message::from(owned.as_slice()),
        Message::from(owned),
        Message::from(Bytes::from_static(&[1, 2])),
    ] {
        assert_eq!(binary, Message::Binary(Bytes::from_static(&[1, 2])));
    }
}

#[test]
fn whatever_makes_a_message_can_be_sent() {
    let name = String::from("hello");
    assert_eq!(Outgoing::from(name.as_str()), Outgoing::from(Message::from("hello")));
    assert_eq!(Outgoing::from(&[1, 2]), Outgoing::from(vec![1, 2]));
}

#[test]
fn message_is_taken_apart_by_its_kind() {
    let text = Message::from("é");
    assert!(text.is_text() && !text.is_binary());
    assert_eq!((text.as_text(), text.as_binary()), (Some("é"), None));
    assert_eq!(text.as_bytes(), [0xc3, 0xa9]);
    assert_eq!(text.clone().into_bytes(), [0xc3, 0xa9].as_slice());
    assert_eq!(text.into_text(), Ok("é".into()));

    let binary = Message::from(&[1, 2]);
    assert!(binary.is_binary() && !binary.is_text());
    assert_eq!((binary.as_text(), binary.as_binary()), (None, Some([1, 2].as_slice())));
    assert_eq!(binary.clone().into_bytes(), [1, 2].as_slice());
    assert_eq!(binary.clone().into_text(), Err(binary));
}

#[test]
fn debug_shows_the_length_of_a_payload_and_its_beginning() {
    let long = "x".repeat(10_000);
    let cut = format!("Text(10000 bytes: \"{}\"…)", "x".repeat(32));
    for (shown, expected) in [
        (format!("{:?}", Message::from("hello")), "Text(5 bytes: \"hello\")"),
        (format!("{:?}", Message::from(&[1, 2])), "Binary(2 bytes: b\"\\x01\\x02\")"),
        (format!("{:?}", Message::from(&long)), &cut),
        (format!("{:?}", Packet::Message(Message::from(&long))), &format!("Message({cut})")),
        (format!("{:?}", Packet::Ping("probe".into())), "Ping(5 bytes: \"probe\")"),
        (format!("{:?}", Frame::text("4a".into())), "Frame { payload: Text(2 bytes: \"4a\") }"),
        (
            format!(
                "{:?}",
                encode_frame(Revision::V4, Packet::Message("a".into()), BinaryEncoding::Raw)
            ),
            "Frame { prefix: \"4\", payload: Text(1 byte: \"a\") }",
        ),
    ] {
        assert_eq!(shown, expected);
    }
}

#[test]
fn debug_of_what_is_sent_stays_short() {
    let long = "x".repeat(10_000);
    let batch = Outgoing::batch((0..1_000).map(|_| Message::from(&long)));
    let errors = [
        SendError::Full(Outgoing::from(&long)),
        SendError::Closed(batch.clone()),
        SendError::TooLarge(batch, 100),
    ];
    for error in errors {
        let shown = format!("{error:?}");
        assert!(shown.len() < 200, "{shown}");
    }
}

#[test]
fn debug_hides_the_handshake() {
    let open = Packet::Open(r#"{"sid":"secret"}"#.into());
    let frame = encode_frame(Revision::V4, open.clone(), BinaryEncoding::Raw);
    let received = Frame::text(r#"0{"sid":"secret"}"#.into());
    assert_eq!(decode_frame(Revision::V4, received.clone()), Ok(open.clone()));
    for shown in [format!("{open:?}"), format!("{frame:?}"), format!("{received:?}")] {
        assert!(!shown.contains("secret"), "{shown}");
    }
}
