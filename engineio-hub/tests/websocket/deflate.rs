//! Compressed messages: what is understood, what is refused, and what is sent.

use bytes::Bytes;
use engineio_hub::websocket::{Deflate, Fault, Received, WebSocket};
use engineio_proto::Frame;
use http::HeaderMap;
use http::header::SEC_WEBSOCKET_EXTENSIONS;

use crate::client::{BINARY, CLOSE, CONTINUE, FINAL, PING, TEXT, frame};
use crate::compressed::{deflated, inflated, json, noise};
use crate::{Socket, binary, poll_all, text};

const RSV1: u8 = 0x40;
const FIRST: u8 = FINAL | RSV1 | TEXT;

/// The compressed `Hello` of RFC 7692, section 7.2.3.1.
pub(crate) const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

fn agreed(offer: &str, threshold: usize) -> Option<Deflate> {
    let mut request = HeaderMap::new();
    request.insert(SEC_WEBSOCKET_EXTENSIONS, offer.parse().unwrap());
    Deflate::accept(&request, threshold)
}

fn server_with(offer: &str, max_payload: usize, threshold: usize) -> Socket {
    let agreed = agreed(offer, threshold);
    assert!(agreed.is_some());
    Socket::new(WebSocket::server(max_payload).compressed(agreed))
}

pub(crate) fn server(max_payload: usize) -> Socket {
    server_with("permessage-deflate", max_payload, 0)
}

/// What comes of these frames.
fn after(frames: &[Vec<u8>]) -> Result<Vec<Received>, Fault> {
    let mut socket = server(1_000);
    socket.receive(&frames.concat());
    poll_all(&mut socket)
}

/// First byte and payload of a server's frames.
fn frames(mut wire: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    while let [first, length, rest @ ..] = wire {
        let (length, rest) = match length {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => (u64::from_be_bytes(*rest.first_chunk().unwrap()) as usize, &rest[8..]),
            short => (usize::from(*short), rest),
        };
        let (payload, rest) = rest.split_at(length);
        all.push((*first, payload.to_vec()));
        wire = rest;
    }
    all
}

fn may_be_compressed(text: &str) -> Frame {
    Frame::text(text.into()).compress(true)
}

#[test]
fn examples_of_the_rfc_are_understood() {
    let stored = &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    let ended = &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    let two_blocks =
        &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    for payload in [HELLO, stored, ended, two_blocks] {
        assert_eq!(after(&[frame(FIRST, payload)]), Ok(vec![text("Hello")]), "{payload:x?}");
    }
    let fragments = [frame(RSV1 | TEXT, &HELLO[..3]), frame(FINAL | CONTINUE, &HELLO[3..])];
    assert_eq!(after(&fragments), Ok(vec![text("Hello")]));
}

#[test]
fn empty_message_is_understood() {
    assert_eq!(after(&[frame(FIRST, &[0x00])]), Ok(vec![text("")]));
    assert_eq!(after(&[frame(FIRST, &deflated(b"", 6))]), Ok(vec![text("")]));
    assert_eq!(after(&[frame(FINAL | RSV1 | BINARY, &[0x02, 0x00])]), Ok(vec![binary(b"")]));
}

#[test]
fn compressed_and_plain_messages_alternate_with_control_frames_between_fragments() {
    let all = [
        frame(FINAL | TEXT, b"plain"),
        frame(RSV1 | TEXT, &HELLO[..2]),
        frame(FINAL | PING, b"ping"),
        frame(CONTINUE, &HELLO[2..5]),
        frame(CONTINUE, b""),
        frame(FINAL | CONTINUE, &HELLO[5..]),
        frame(TEXT, b"in two"),
        frame(FINAL | CONTINUE, b" parts"),
        frame(FIRST, HELLO),
    ];
    let expected = ["plain", "Hello", "in two parts", "Hello"].map(text);
    assert_eq!(after(&all), Ok(expected.to_vec()));
}

#[test]
fn data_may_end_within_a_message_and_begin_anew() {
    let ended = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let all = [frame(RSV1 | TEXT, &ended), frame(FINAL | CONTINUE, HELLO)];
    assert_eq!(after(&all), Ok(vec![text("HelloHello")]));
    assert_eq!(after(&[frame(FIRST, &ended)]), Ok(vec![text("Hello")]));
}

/// A reset for two bytes each would be worth the while of an attacker.
#[test]
fn data_that_ends_thousands_of_times_is_refused() {
    let empty = [0x03, 0x00];
    let mut socket = server(100_000);
    socket.receive(&frame(FIRST, &empty.repeat(1_000)));
    assert_eq!(poll_all(&mut socket), Ok(vec![text("")]));
    socket.receive(&frame(FIRST, &empty.repeat(1_001)));
    assert_eq!(poll_all(&mut socket), Err(Fault::TooManyFragments));
}

#[test]
fn bit_of_compression_is_refused_where_it_was_not_agreed_on() {
    let mut socket = crate::server();
    socket.receive(&frame(FIRST, HELLO));
    assert_eq!(poll_all(&mut socket).unwrap_err().close_code(), 1002);
}

#[test]
fn bit_of_compression_belongs_on_the_first_frame_of_a_message_alone() {
    for wrong in [
        vec![frame(FINAL | RSV1 | PING, b"")],
        vec![frame(FINAL | RSV1 | CLOSE, b"")],
        vec![frame(RSV1 | TEXT, &HELLO[..3]), frame(FINAL | RSV1 | CONTINUE, &HELLO[3..])],
        vec![frame(TEXT, b"a"), frame(FINAL | RSV1 | CONTINUE, HELLO)],
        vec![frame(FINAL | RSV1 | CONTINUE, HELLO)],
        vec![frame(FINAL | RSV1 | 3, HELLO)],
        vec![frame(FINAL | 0x20 | TEXT, HELLO)],
        vec![frame(FINAL | 0x10 | TEXT, HELLO)],
        vec![frame(FINAL | 0x70 | TEXT, HELLO)],
    ] {
        assert_eq!(after(&wrong).unwrap_err().close_code(), 1002, "{wrong:x?}");
    }
}

#[test]
fn broken_data_and_text_that_is_not_utf_8_are_refused_with_1007() {
    let second_of_two_with_takeover = [0xf2, 0x00, 0x11, 0x00, 0x00];
    for broken in [
        &[0x06, 0x00, 0x00][..],
        &[0xff; 5],
        &[0x00, 0x05, 0x00, 0x00, 0x00, 0x48],
        &second_of_two_with_takeover,
    ] {
        let fault = after(&[frame(FIRST, HELLO), frame(FIRST, broken)]).unwrap_err();
        assert_eq!((fault.close_code(), fault), (1007, Fault::InvalidDeflate), "{broken:x?}");
    }
    let invalid = after(&[frame(FIRST, &deflated(b"4\xff", 6))]).unwrap_err();
    assert_eq!(invalid, Fault::InvalidText);
    let noise = after(&[frame(FINAL | RSV1 | BINARY, &deflated(b"4\xff", 6))]);
    assert_eq!(noise, Ok(vec![binary(b"4\xff")]));
}

#[test]
fn limit_is_for_the_inflated_message() {
    for (length, is_fine) in [(999, true), (1_000, true), (1_001, false), (100_000, false)] {
        let payload = vec![b'a'; length];
        let received = after(&[frame(FIRST, &deflated(&payload, 6))]);
        if is_fine {
            assert_eq!(received, Ok(vec![text(&"a".repeat(length))]));
        } else {
            assert_eq!(received.map_err(|fault| fault.close_code()), Err(1009), "{length}");
        }
    }
}

#[test]
fn message_at_the_limit_may_be_a_little_longer_when_it_is_compressed() {
    let noise = noise(1_000);
    for level in [0, 1, 6] {
        let payload = deflated(&noise, level);
        assert!(payload.len() > 1_000);
        let received = after(&[frame(FINAL | RSV1 | BINARY, &payload)]);
        assert!(received == Ok(vec![binary(&noise)]));
    }
    let fault = after(&[frame(FIRST, &[0; 1_127])]).unwrap_err();
    assert_eq!(fault, Fault::TooLarge);
}

#[test]
fn messages_are_compressed_from_the_threshold_on_if_they_may_be() {
    let mut socket = server_with("permessage-deflate", 1_000, 100);
    for (message, is_compressed) in [
        (may_be_compressed(&"a".repeat(99)), false),
        (may_be_compressed(&"a".repeat(100)), true),
        (Frame::text("a".repeat(100).into()), false),
        (may_be_compressed(&"a".repeat(100)).compress(false), false),
        (Frame::binary(vec![7; 100].into()).compress(true), true),
    ] {
        let plain = message.parts().concat();
        socket.send(message);
        let [(first, payload)] = &frames(&socket.write_all())[..] else { panic!("one frame") };
        assert_eq!(first & RSV1 != 0, is_compressed, "{first:x}");
        if is_compressed {
            assert_eq!(inflated(payload, 15), plain);
        } else {
            assert_eq!(*payload, plain);
        }
    }
}

#[test]
fn message_that_would_not_get_shorter_is_sent_as_it_is() {
    for payload in [noise(5_000), b"".to_vec(), b"a".to_vec(), b"abc".to_vec()] {
        let mut socket = server(1_000);
        socket.send(Frame::binary(payload.clone().into()).compress(true));
        assert!(frames(&socket.write_all()) == [(FINAL | BINARY, payload)]);
    }
}

#[test]
fn each_message_is_compressed_alone() {
    let mut socket = server(1_000);
    let message = json(500);
    (0..3).for_each(|_| socket.send(may_be_compressed(&message)));
    let all = frames(&socket.write_all());
    assert_eq!(all[0], all[1]);
    assert_eq!(all[1], all[2]);
    assert_eq!(inflated(&all[2].1, 15), message.as_bytes());
}

#[test]
fn limit_of_the_window_is_kept() {
    // The distance between the two halves is more than a small window allows.
    let half = noise(20_000);
    let twice = Bytes::from([&half[..], &half[..]].concat());
    for bits in 9..=15 {
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        let mut socket = server_with(&offer, 1_000, 0);
        socket.send(Frame::binary(twice.clone()).compress(true));
        let [(first, payload)] = &frames(&socket.write_all())[..] else { panic!("one frame") };
        if bits == 15 {
            assert!(inflated(payload, bits) == twice);
        } else {
            assert_eq!(*first, FINAL | BINARY, "nothing can be gained within {bits} bits");
        }
        let text = json(3_000);
        socket.send(may_be_compressed(&text));
        let all = frames(&socket.write_all());
        assert_eq!(all[0].0, FIRST);
        assert_eq!(inflated(&all[0].1, bits), text.as_bytes());
    }
}

/// Sizes, fragments and offers of Autobahn's cases 12.1 to 12.5 and 13.1 to 13.7, with fewer
/// messages.
#[test]
fn messages_of_autobahn_come_back_as_they_were() {
    let offers = [
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; server_max_window_bits=9",
        "permessage-deflate; server_max_window_bits=15",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=15",
    ];
    let sizes = [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];
    for size in sizes {
        echo(offers[0], size, size);
    }
    for fragment in [256, 1_024, 4_096, 32_768] {
        echo(offers[0], 131_072, fragment);
    }
    for offer in offers {
        for (size, fragment) in [(16, 16), (1_024, 1_024), (8_192, 256)] {
            echo(offer, size, fragment);
        }
    }
}

/// A message of this size comes in fragments of that size, and goes back.
fn echo(offer: &str, size: usize, fragment: usize) {
    let mut socket = server_with(offer, 200_000, 0);
    let message = json(size);
    let payload = deflated(message.as_bytes(), 6);
    let mut chunks = payload.chunks(fragment).peekable();
    let mut first = RSV1 | TEXT;
    while let Some(chunk) = chunks.next() {
        let last = if chunks.peek().is_none() { FINAL } else { 0 };
        socket.receive(&frame(last | first, chunk));
        first = CONTINUE;
    }
    let received = poll_all(&mut socket);
    let Ok([Received::Frame(echo)]) = received.as_deref() else {
        panic!("one message of {size} in fragments of {fragment}, by {offer}")
    };
    assert_eq!(echo.parts().concat(), message.as_bytes());
    socket.send(echo.clone().compress(true));
    let [(first, back)] = &frames(&socket.write_all())[..] else { panic!("one frame") };
    let is_compressed = first & RSV1 != 0;
    let back = if is_compressed { inflated(back, 15) } else { back.clone() };
    assert!(back == message.as_bytes(), "{size}, {fragment}, {offer}");
    assert!(is_compressed || size < 1_024);
}

#[test]
fn client_and_server_understand_each_other() {
    let mut answer = HeaderMap::new();
    let request = HeaderMap::from_iter([(SEC_WEBSOCKET_EXTENSIONS, Deflate::offer())]);
    let agreed = Deflate::accept(&request, 100).unwrap();
    answer.insert(SEC_WEBSOCKET_EXTENSIONS, agreed.answer());
    let theirs = Deflate::agreed(&answer, 100).unwrap();
    let mut server = WebSocket::server(1 << 20).compressed(Some(agreed));
    let mut client = WebSocket::client(1 << 20).compressed(theirs);
    for length in [0, 50, 100, 5_000, 100_000] {
        for is_clients in [true, false] {
            let (from, to) =
                if is_clients { (&mut client, &mut server) } else { (&mut server, &mut client) };
            let message = json(length);
            from.send(may_be_compressed(&message));
            let wire = from.unsent().concat();
            assert!(length < 100 || wire.len() < length, "{} of {length}", wire.len());
            from.sent(wire.len());
            assert_eq!(to.receive(&mut &wire[..]), Ok(Some(text(&message))));
        }
    }
}
