//! Packets and payloads, to bytes and back.

use std::hint::black_box;

use bytes::Bytes;
use engineio_proto::{
    BinaryEncoding, Frame, Packet, Payload, Revision, decode_frame, decode_payload, encode_frame,
    encode_payload,
};
use gungraun::{library_benchmark, library_benchmark_group};

use crate::TIMES;

use BinaryEncoding::{Base64, Raw};
use Revision::{V3, V4};

library_benchmark_group!(
    name = packets;
    benchmarks = frame_encoded, frame_decoded, payload_encoded, payload_decoded
);

const PACKETS_IN_A_PAYLOAD: usize = 10;

fn text() -> Packet {
    Packet::Message("x".repeat(64).into())
}

fn binary() -> Packet {
    Packet::Message(Bytes::from(vec![b'x'; 64]).into())
}

type Coding = (Revision, BinaryEncoding);

fn packets(coding: Coding, packet: Packet) -> (Coding, Vec<Packet>) {
    (coding, vec![packet; TIMES])
}

#[library_benchmark(setup = packets)]
#[bench::v3_text((V3, Raw), text())]
#[bench::v3_binary((V3, Raw), binary())]
#[bench::v3_base64((V3, Base64), binary())]
#[bench::v4_text((V4, Raw), text())]
#[bench::v4_binary((V4, Raw), binary())]
#[bench::v4_base64((V4, Base64), binary())]
fn frame_encoded(((revision, binary), packets): (Coding, Vec<Packet>)) {
    for packet in packets {
        black_box(encode_frame(revision, packet, binary));
    }
}

/// Frames as they come: of one piece.
fn frames(coding: Coding, packet: Packet) -> (Coding, Vec<Frame>) {
    let frame = encode_frame(coding.0, packet, coding.1);
    let payload = Bytes::from(frame.parts().concat());
    let frame = if frame.is_text() { Frame::try_text(payload) } else { Ok(Frame::binary(payload)) };
    (coding, vec![frame.expect("text"); TIMES])
}

#[library_benchmark(setup = frames)]
#[bench::v3_text((V3, Raw), text())]
#[bench::v3_binary((V3, Raw), binary())]
#[bench::v3_base64((V3, Base64), binary())]
#[bench::v4_text((V4, Raw), text())]
#[bench::v4_binary((V4, Raw), binary())]
#[bench::v4_base64((V4, Base64), binary())]
fn frame_decoded(((revision, _), frames): (Coding, Vec<Frame>)) {
    for frame in frames {
        black_box(decode_frame(revision, frame).expect("a packet"));
    }
}

fn some_packets(coding: Coding, packet: Packet) -> (Coding, Vec<Packet>) {
    (coding, vec![packet; PACKETS_IN_A_PAYLOAD])
}

#[library_benchmark(setup = some_packets)]
#[bench::v3_text((V3, Raw), text())]
#[bench::v3_binary((V3, Raw), binary())]
#[bench::v3_base64((V3, Base64), binary())]
#[bench::v4_text((V4, Raw), text())]
#[bench::v4_base64((V4, Base64), binary())]
fn payload_encoded(((revision, binary), packets): (Coding, Vec<Packet>)) {
    for _ in 0..TIMES {
        black_box(encode_payload(revision, black_box(&packets), binary));
    }
}

fn payloads(coding: Coding, packet: Packet) -> (Coding, Vec<Payload>) {
    let (_, packets) = some_packets(coding, packet);
    (coding, vec![encode_payload(coding.0, &packets, coding.1); TIMES])
}

#[library_benchmark(setup = payloads)]
#[bench::v3_text((V3, Raw), text())]
#[bench::v3_binary((V3, Raw), binary())]
#[bench::v3_base64((V3, Base64), binary())]
#[bench::v4_text((V4, Raw), text())]
#[bench::v4_base64((V4, Base64), binary())]
fn payload_decoded(((revision, _), payloads): (Coding, Vec<Payload>)) {
    for payload in payloads {
        let packets = decode_payload(revision, payload, PACKETS_IN_A_PAYLOAD);
        black_box(packets.expect("packets"));
    }
}
