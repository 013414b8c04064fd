//! Sending: messages, answers to pings, and the closing handshake.

use std::io::Cursor;

use bytes::Bytes;
use bytestring::ByteString;
use engineio_hub::websocket::{Received, WRITE_AHEAD, WebSocket};
use engineio_proto::Frame;
use tungstenite::{
    Message,
    protocol::{Role, WebSocketContext},
};

use crate::{
    MAX_PAYLOAD,
    client::{CLOSE, FINAL, PING, PONG, TEXT, message},
    poll_all, server, text,
};

#[test]
fn ping_is_answered_with_its_data_and_a_pong_with_nothing() {
    let mut socket = server();
    socket.receive(&[message(PING, b"data"), message(PONG, b"other")].concat());
    assert_eq!(poll_all(&mut socket), Ok(vec![]));
    assert_eq!(socket.unsent(), b"\x8a\x04data");
}

#[test]
fn answers_to_pings_stand_behind_the_messages_sent_before() {
    let mut socket = server();
    socket.send(Frame::text(ByteString::from("one")));
    socket.sent(2);
    socket.receive(&message(PING, b"p"));
    poll_all(&mut socket).unwrap();
    socket.send(Frame::binary(Bytes::from_static(b"two")));
    assert_eq!(socket.unsent(), b"one\x8a\x01p\x82\x03two");
}

#[test]
fn pings_of_a_peer_that_does_not_read_are_answered_once_it_does() {
    let mut socket = server();
    for number in 0..100_000_u32 {
        socket.receive(&message(PING, &number.to_be_bytes()));
        poll_all(&mut socket).unwrap();
    }
    let unsent = socket.unsent_len();
    assert!(unsent < WRITE_AHEAD + 127, "{unsent}");
    socket.sent(unsent);
    let newest = [&[FINAL | PONG, 4][..], &99_999_u32.to_be_bytes()].concat();
    assert_eq!(socket.unsent(), newest);
    socket.sent(newest.len());
    assert!(socket.unsent().is_empty());
}

#[test]
fn close_of_the_peer_is_answered_once_with_its_code() {
    let mut socket = server();
    socket.receive(&message(CLOSE, b"\x0f\xa1reason"));
    assert_eq!(socket.poll_received(), Ok(Some(Received::Closed(Some(4001)))));
    assert_eq!(socket.unsent(), [FINAL | CLOSE, 2, 0x0f, 0xa1]);
    socket.close(1000);
    socket.send(Frame::text(ByteString::from("late")));
    assert_eq!(socket.unsent_len(), 4);
}

#[test]
fn close_without_a_code_is_answered_without_one() {
    let mut socket = server();
    socket.receive(&message(CLOSE, b""));
    assert_eq!(socket.poll_received(), Ok(Some(Received::Closed(None))));
    assert_eq!(socket.unsent(), [FINAL | CLOSE, 0]);
}

#[test]
fn close_with_a_code_that_may_not_be_sent_is_a_protocol_error() {
    let mut socket = server();
    socket.receive(&message(CLOSE, &1006_u16.to_be_bytes()));
    assert_eq!(socket.poll_received(), Ok(Some(Received::Closed(Some(1002)))));
    assert_eq!(socket.unsent(), [FINAL | CLOSE, 2, 0x03, 0xea]);
}

#[test]
fn frames_after_the_close_of_the_peer_are_ignored() {
    let mut socket = server();
    socket.receive(&[message(CLOSE, b"\x03\xe8"), message(TEXT, b"late"), vec![0xff]].concat());
    assert_eq!(socket.poll_received(), Ok(Some(Received::Closed(Some(1000)))));
    assert_eq!(socket.poll_received(), Ok(None));
    socket.receive(&message(PING, b"later"));
    assert_eq!(socket.poll_received(), Ok(None));
    assert_eq!(socket.unsent_len(), 4);
}

#[test]
fn after_our_close_messages_come_in_until_the_peer_answers() {
    let mut socket = server();
    socket.close(1001);
    socket.close(1000);
    socket.receive(&message(TEXT, b"crossing"));
    socket.receive(&message(PING, b"unanswered"));
    socket.receive(&message(CLOSE, b"\x03\xe9"));
    let all = poll_all(&mut socket);
    assert_eq!(all, Ok(vec![text("crossing"), Received::Closed(Some(1001))]));
    assert_eq!(socket.unsent(), [FINAL | CLOSE, 2, 0x03, 0xe9]);
}

#[test]
fn client_reads_what_was_sent() {
    let mut socket = server();
    let lengths = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];
    for length in lengths {
        socket.send(Frame::text("a".repeat(length).into()));
        socket.send(Frame::binary(vec![0xff; length].into()));
    }
    socket.close(1000);
    let mut stream = Cursor::new(socket.write_all());
    let mut client = WebSocketContext::new(Role::Client, None);
    for length in lengths {
        assert_eq!(client.read(&mut stream).unwrap(), Message::text("a".repeat(length)));
        assert_eq!(client.read(&mut stream).unwrap(), Message::binary(vec![0xff; length]));
    }
    let Message::Close(Some(close)) = client.read(&mut stream).unwrap() else {
        panic!("no close");
    };
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1000, ""));
}

/// Quadratic work would take a minute.
#[test]
fn megabyte_leaves_one_byte_at_a_time() {
    let payload = (0..1 << 20).map(|index: u32| index as u8).collect::<Vec<_>>();
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    socket.send(Frame::binary(payload.clone().into()));
    socket.sent(10);
    for byte in &payload {
        assert_eq!(socket.unsent()[0].first(), Some(byte));
        socket.sent(1);
    }
    assert_eq!(socket.unsent_len(), 0);
    socket.sent(1);
    assert_eq!(socket.unsent_len(), 0);
}
