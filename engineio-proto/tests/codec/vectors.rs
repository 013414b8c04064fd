//! Against the JavaScript parsers, through what `tests/vectors/generate.mjs` wrote.

use bytes::Bytes;
use bytestring::ByteString;
use engineio_proto::{
    BinaryEncoding, ContentType, Frame, Message, Packet, Payload, PayloadSize, Revision,
    decode_frame, decode_payload, encode_frame, encode_payload,
};
use serde_json::Value;

const V3: &str = include_str!("../vectors/vectors_v3.json");
const V4: &str = include_str!("../vectors/vectors_v4.json");

#[test]
fn v3_frames_are_written_as_by_the_reference_and_read_back() {
    check_encoded_frames(Revision::V3, V3);
}

#[test]
fn v4_frames_are_written_as_by_the_reference_and_read_back() {
    check_encoded_frames(Revision::V4, V4);
}

#[test]
fn v3_payloads_are_written_as_by_the_reference_and_read_back() {
    check_encoded_payloads(Revision::V3, V3);
}

#[test]
fn v4_payloads_are_written_as_by_the_reference_and_read_back() {
    check_encoded_payloads(Revision::V4, V4);
}

#[test]
fn v3_frames_are_read_as_by_the_reference_or_refused_on_purpose() {
    check_decoded_frames(Revision::V3, V3);
}

#[test]
fn v4_frames_are_read_as_by_the_reference_or_refused_on_purpose() {
    check_decoded_frames(Revision::V4, V4);
}

#[test]
fn v3_payloads_are_read_as_by_the_reference_or_refused_on_purpose() {
    check_decoded_payloads(Revision::V3, V3);
}

#[test]
fn v4_payloads_are_read_as_by_the_reference_or_refused_on_purpose() {
    check_decoded_payloads(Revision::V4, V4);
}

fn check_encoded_frames(revision: Revision, vectors: &str) {
    for case in cases(vectors, "encoded", "frames") {
        let written = frame(&case["frame"]);
        let original = packet(&case["packet"]);
        let ours = encode_frame(revision, original.clone(), binary(&case));
        assert_eq!(ours.is_text(), written.is_text(), "{case}");
        assert_eq!(ours.parts().concat(), written.parts().concat(), "{case}");
        assert_eq!(decode_frame(revision, written).as_ref(), Ok(&original), "{case}");
        assert_eq!(decode_frame(revision, ours).as_ref(), Ok(&original), "{case}");
    }
}

fn check_encoded_payloads(revision: Revision, vectors: &str) {
    for case in cases(vectors, "encoded", "payloads") {
        let written = payload(&case["payload"]);
        let originals = packets(&case["packets"]);
        let binary = binary(&case);
        assert_eq!(encode_payload(revision, &originals, binary), written, "{case}");
        let size = originals.iter().fold(PayloadSize::new(revision, binary), PayloadSize::with);
        assert_eq!(size.bytes(), written.body.len(), "{case}");
        assert_eq!(decode_payload(revision, written, 100), Ok(originals), "{case}");
    }
}

fn check_decoded_frames(revision: Revision, vectors: &str) {
    for case in cases(vectors, "decoded", "frames") {
        let ours = decode_frame(revision, frame(&case["frame"])).map(|packet| vec![packet]);
        compare(ours.ok(), &case);
    }
}

fn check_decoded_payloads(revision: Revision, vectors: &str) {
    for case in cases(vectors, "decoded", "payloads") {
        compare(decode_payload(revision, payload(&case["payload"]), 100).ok(), &case);
    }
}

fn compare(ours: Option<Vec<Packet>>, case: &Value) {
    let agreed = case.get("error").is_none() && case.get("refused").is_none();
    assert_eq!(ours, agreed.then(|| packets(&case["packets"])), "{case}");
}

// --- the notation of the vectors ---

fn cases(vectors: &str, direction: &str, kind: &str) -> Vec<Value> {
    let mut vectors: Value = serde_json::from_str(vectors).expect("the vectors are JSON");
    let Value::Array(cases) = vectors[direction][kind].take() else {
        panic!("no {direction} {kind} among the vectors");
    };
    assert!(cases.len() > 10, "the vectors were cut short");
    cases
}

fn binary(case: &Value) -> BinaryEncoding {
    if case["binary"].as_bool().expect("a flag") {
        BinaryEncoding::Raw
    } else {
        BinaryEncoding::Base64
    }
}

fn packets(value: &Value) -> Vec<Packet> {
    value.as_array().expect("some packets").iter().map(packet).collect()
}

fn packet(value: &Value) -> Packet {
    let data = content(value).unwrap_or_else(|| Message::Text(ByteString::new()));
    let text = |data: Message| match data {
        Message::Text(text) => text,
        Message::Binary(bytes) => ByteString::try_from(bytes).expect("text as bytes"),
    };
    match value["type"].as_str() {
        Some("open") => Packet::Open(text(data)),
        Some("close") => Packet::Close,
        Some("ping") => Packet::Ping(text(data)),
        Some("pong") => Packet::Pong(text(data)),
        Some("message") => Packet::Message(data),
        Some("upgrade") => Packet::Upgrade,
        Some("noop") => Packet::Noop,
        other => panic!("a packet of type {other:?}"),
    }
}

fn frame(value: &Value) -> Frame {
    match content(value).expect("text or hex") {
        Message::Text(text) => Frame::text(text),
        Message::Binary(bytes) => Frame::binary(bytes),
    }
}

fn payload(value: &Value) -> Payload {
    match content(value).expect("text or hex") {
        Message::Text(text) => Payload { body: text.into_bytes(), content_type: ContentType::Text },
        Message::Binary(body) => Payload { body, content_type: ContentType::Binary },
    }
}

fn content(value: &Value) -> Option<Message> {
    if let Some(text) = value["text"].as_str() {
        return Some(Message::Text(text.into()));
    }
    let digits = value["hex"].as_str()?.as_bytes().chunks(2);
    let bytes: Option<Bytes> =
        digits.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()).collect();
    Some(Message::Binary(bytes.expect("pairs of hex digits")))
}
