//! Which frames are messages, and which are faults.

use engineio_hub::websocket::{Fault, Received};

use crate::{
    after, binary,
    client::{BINARY, CLOSE, CONTINUE, FINAL, PING, PONG, TEXT, frame, header, message},
    server, text,
};

#[test]
fn text_and_binary_messages_come_in_their_order() {
    let frames = [message(TEXT, b"4hello"), message(BINARY, &[0, 255]), message(TEXT, b"")];
    assert_eq!(after(&frames), Ok(vec![text("4hello"), binary(&[0, 255]), text("")]));
}

#[test]
fn frame_that_is_not_whole_gives_nothing_yet() {
    let bytes = message(TEXT, b"hello");
    let (most, last) = bytes.split_at(bytes.len() - 1);
    let mut socket = server();
    socket.receive(most);
    assert_eq!(socket.poll_received(), Ok(None));
    assert_eq!(socket.poll_received(), Ok(None));
    socket.receive(last);
    assert_eq!(socket.poll_received(), Ok(Some(text("hello"))));
}

#[test]
fn text_cut_inside_a_character_is_put_together() {
    let snowman = "☃".as_bytes();
    let frames = [
        frame(TEXT, &snowman[..1]),
        frame(CONTINUE, &snowman[1..2]),
        frame(FINAL | CONTINUE, &snowman[2..]),
    ];
    assert_eq!(after(&frames), Ok(vec![text("☃")]));
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let whole = [message(TEXT, b"\xff")];
    let cut = [frame(TEXT, b"\xe2"), frame(FINAL | CONTINUE, b"\x98")];
    assert_eq!(after(&whole), Err(Fault::InvalidText));
    assert_eq!(after(&cut), Err(Fault::InvalidText));
    assert_eq!(Fault::InvalidText.close_code(), 1007);
}

#[test]
fn binary_message_after_a_text_is_binary() {
    let frames = [
        frame(TEXT, b"a"),
        message(PING, b""),
        frame(FINAL | CONTINUE, b"b"),
        message(PONG, b""),
        frame(BINARY, b"\xff"),
        frame(FINAL | CONTINUE, b"\xfe"),
    ];
    assert_eq!(after(&frames), Ok(vec![text("ab"), binary(b"\xff\xfe")]));
}

#[test]
fn reserved_bits_are_refused() {
    for bit in [0x40, 0x20, 0x10] {
        assert_protocol(after(&[message(TEXT | bit, b"hi")]), "Reserved bits are non-zero");
    }
}

#[test]
fn reserved_opcodes_are_refused() {
    for opcode in [3, 7, 11, 15] {
        assert_eq!(after(&[message(opcode, b"")]).unwrap_err().close_code(), 1002);
    }
}

#[test]
fn unmasked_frames_are_refused() {
    let unmasked = vec![FINAL | TEXT, 2, b'h', b'i'];
    assert_protocol(after(&[unmasked]), "Received an unmasked frame from client");
}

#[test]
fn control_frames_must_be_short_and_whole() {
    let long = [header(FINAL | PING, 126), vec![0; 4]].concat();
    assert_protocol(after(&[long]), "Control frame too big (payload must be 125 bytes or less)");
    assert_protocol(after(&[frame(PING, b"")]), "Fragmented control frame");
}

#[test]
fn fragments_must_follow_one_another() {
    assert_eq!(after(&[frame(CONTINUE, b"a")]).unwrap_err().close_code(), 1002);
    let interleaved = [frame(TEXT, b"a"), message(TEXT, b"b")];
    assert_eq!(after(&interleaved).unwrap_err().close_code(), 1002);
}

#[test]
fn length_may_be_written_in_more_bytes_than_it_needs() {
    let mut bytes = vec![FINAL | TEXT, 0x80 | 127];
    bytes.extend(2u64.to_be_bytes());
    bytes.extend([0, 0, 0, 0, b'h', b'i']);
    assert_eq!(after(&[bytes, message(TEXT, b"ho")]), Ok(vec![text("hi"), text("ho")]));
}

#[test]
fn fault_is_final() {
    let mut socket = server();
    socket.receive(&[message(TEXT, b"before"), message(TEXT, b"\xff")].concat());
    assert_eq!(socket.poll_received(), Ok(Some(text("before"))));
    assert_eq!(socket.poll_received(), Err(Fault::InvalidText));
    socket.receive(&message(TEXT, b"after"));
    assert_eq!(socket.poll_received(), Err(Fault::InvalidText));
    socket.close(Fault::InvalidText.close_code());
    assert_eq!(socket.unsent(), [FINAL | CLOSE, 2, 0x03, 0xef]);
}

fn assert_protocol(result: Result<Vec<Received>, Fault>, reason: &str) {
    let fault = result.unwrap_err();
    assert_eq!(fault, Fault::Protocol(reason.into()));
    assert_eq!(fault.close_code(), 1002);
}
