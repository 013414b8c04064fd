//! Steps 1 to 9: packets to bytes and back.

use alloc::vec;

use bytes::Bytes;
use engineio_proto::{
    BinaryEncoding, ContentType, Message, Packet, Payload, Revision, decode_frame, decode_payload,
    encode_frame, encode_payload,
};

use crate::step;

pub(crate) fn check(revision: Revision) {
    let packets = vec![
        Packet::Ping("probe".into()),
        Packet::Message("h\u{e9}llo \u{1f600}".into()),
        Packet::Message(Bytes::from_static(&[0, 1, 2, 0xff]).into()),
        Packet::Close,
    ];
    for binary in [BinaryEncoding::Base64, BinaryEncoding::Raw] {
        for packet in &packets {
            let frame = encode_frame(revision, packet.clone(), binary);
            step(1, decode_frame(revision, frame).as_ref() == Ok(packet));
        }
        let payload = encode_payload(revision, &packets, binary);
        let is_binary = payload.content_type == ContentType::Binary;
        step(2, is_binary == (binary == BinaryEncoding::Raw && revision == Revision::V3));
        step(3, decode_payload(revision, payload, 4).as_ref() == Ok(&packets));
    }
    let garbage = Payload { body: Bytes::from_static(b"x\xff"), content_type: ContentType::Text };
    step(4, decode_payload(revision, garbage, 4).is_err());

    let Ok(message) = Message::json(&[1, 2, 3]) else { return step(5, false) };
    step(6, message.as_text() == Some("[1,2,3]"));
    step(7, message.to_json::<[u8; 3]>().is_ok_and(|numbers| numbers == [1, 2, 3]));
}
