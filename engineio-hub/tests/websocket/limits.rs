//! The limits of a message.

use engineio_hub::websocket::{Fault, WebSocket};

use crate::{
    MAX_PAYLOAD, Socket, after, binary,
    client::{BINARY, CONTINUE, FINAL, PING, TEXT, frame, header, message},
    poll_all,
};

#[test]
fn message_of_exactly_the_limit_is_taken() {
    let payload = [b'a'; MAX_PAYLOAD];
    assert_eq!(after(&[message(BINARY, &payload)]), Ok(vec![binary(&payload)]));
}

#[test]
fn header_over_the_limit_is_refused_before_its_payload_arrives() {
    for length in [MAX_PAYLOAD as u64 + 1, 1 << 40, u64::MAX] {
        let bytes = [header(FINAL | BINARY, length), vec![0; 4]].concat();
        assert_eq!(after(&[bytes]), Err(Fault::TooLarge));
    }
    assert_eq!(Fault::TooLarge.close_code(), 1009);
}

#[test]
fn without_a_limit_the_longest_header_waits_for_its_payload() {
    let mut socket = Socket::new(WebSocket::server(usize::MAX));
    socket.receive(&[header(FINAL | BINARY, u64::MAX), vec![0; 4]].concat());
    assert_eq!(socket.poll_received(), Ok(None));
}

#[test]
fn fragments_over_the_limit_together_are_refused_before_the_last_one_arrives() {
    let first = frame(TEXT, &[b'a'; 600]);
    let next = [header(CONTINUE, 401), vec![0; 4]].concat();
    assert_eq!(after(&[first, next]), Err(Fault::TooLarge));
}

#[test]
fn limit_starts_anew_with_every_message() {
    let half = [b'a'; 600];
    let fragmented = [frame(BINARY, &half), frame(FINAL | CONTINUE, &half[..400])].concat();
    let whole = message(BINARY, &half);
    let all = after(&[fragmented.clone(), whole.clone(), whole, fragmented]).unwrap();
    assert_eq!(all.len(), 4);
}

#[test]
fn control_frames_are_not_bound_to_the_limit_of_messages() {
    let mut socket = Socket::new(WebSocket::server(1));
    socket.receive(&frame(BINARY, b"a"));
    socket.receive(&message(PING, &[7; 125]));
    socket.receive(&frame(FINAL | CONTINUE, b""));
    assert_eq!(poll_all(&mut socket), Ok(vec![binary(b"a")]));
    assert_eq!(socket.unsent_len(), 2 + 125);
}

#[test]
fn message_in_ten_thousand_frames_is_taken_and_one_in_more_is_refused() {
    let message_of = |frames: usize| {
        let mut socket = Socket::new(WebSocket::server(1_000_000));
        socket.receive(&frame(BINARY, b"a"));
        socket.receive(&frame(CONTINUE, b"a").repeat(frames - 2));
        socket.receive(&frame(FINAL | CONTINUE, b"a"));
        poll_all(&mut socket)
    };
    assert_eq!(message_of(10_000), Ok(vec![binary(&[b'a'; 10_000])]));
    assert_eq!(message_of(10_001), Err(Fault::TooManyFragments));
    assert_eq!(Fault::TooManyFragments.close_code(), 1008);
}

#[test]
fn message_of_empty_frames_is_refused() {
    let empty = frame(CONTINUE, b"").repeat(100);
    assert_eq!(after(&[frame(TEXT, b"a"), empty.clone()]), Ok(vec![]));
    assert_eq!(
        after(&[frame(TEXT, b"a"), empty, frame(CONTINUE, b"")]),
        Err(Fault::TooManyFragments)
    );
}
