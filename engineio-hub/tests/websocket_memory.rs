//! The memory of a WebSocket, counted by the allocator.

use bytes::Bytes;
use engineio_hub::websocket::{Received, WebSocket};
use engineio_proto::Frame;
use heap::{Cost, cost};

const MEBIBYTE: usize = 1 << 20;
const MAX_PAYLOAD: usize = 2 * MEBIBYTE;
/// What a thread keeps at most for the next buffer of its WebSockets.
const SPARE: isize = 4096;
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

/// The cost of work that was done before: a thread keeps some memory of large payloads for the next
/// ones.
fn cost_again(mut work: impl FnMut()) -> Cost {
    work();
    cost(work).1
}

/// A frame with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | 127];
    frame.extend((payload.len() as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Sends messages back as a binding does.
fn echo(socket: &mut WebSocket, bytes: &[u8]) {
    let mut input = bytes;
    while let Ok(Some(Received::Frame(frame))) = socket.receive(&mut input) {
        socket.send(frame);
    }
    socket.sent(socket.unsent_len());
}

#[test]
fn at_rest_a_websocket_has_nothing_on_the_heap() {
    let small = frame(TEXT, b"4hello");
    // A thread keeps the memory of one small buffer for all its WebSockets.
    echo(&mut WebSocket::server(MAX_PAYLOAD), &small);
    let (mut socket, fresh) = cost(|| WebSocket::server(MAX_PAYLOAD));
    let ((), used) = cost(|| echo(&mut socket, &small));
    let inline = size_of::<WebSocket>();
    println!(
        "{inline} bytes and on the heap: fresh {}, during an echo {}, after it {}",
        fresh.left, used.peak, used.left
    );
    assert!(inline <= 192, "{inline}");
    assert_eq!((fresh.left, used.left), (0, 0));
    assert!(used.peak <= 1536, "{}", used.peak);
}

#[test]
fn after_a_mebibyte_each_way_nothing_is_left() {
    let large = frame(BINARY, &vec![7; MEBIBYTE]);
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let ((), first) = cost(|| {
        for chunk in large.chunks(1024) {
            echo(&mut socket, chunk);
        }
    });
    assert!(first.peak < 4 * MEBIBYTE as isize, "{}", first.peak);
    // Doubling buffers allocate a few times what they carry; anything quadratic, hundreds of times.
    assert!(first.total < 8 * MEBIBYTE as isize, "{}", first.total);
    let used = cost_again(|| {
        for chunk in large.chunks(1024) {
            echo(&mut socket, chunk);
        }
    });
    println!("echo of 1 MiB in chunks of 1 KiB: peak {}, total {}", used.peak, used.total);
    assert_eq!(used.left, 0);
    assert!(used.total < 64 * 1024, "its memory is used again: {}", used.total);
}

#[test]
fn after_a_mebibyte_in_fragments_nothing_is_left() {
    let mut fragments = frame(2, &vec![7; MEBIBYTE - 1]);
    fragments.extend(frame(0x80, b"7"));
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let used = cost_again(|| echo(&mut socket, &fragments));
    assert_eq!(used.left, 0);
}

/// A buffer that grew by each fragment would ask for thousands of times what it carries.
#[test]
fn mebibyte_in_eight_thousand_fragments_asks_for_a_few_times_what_it_carries() {
    let mut fragments = frame(2, &[7; 128]);
    (0..8_190).for_each(|_| fragments.extend(frame(0, &[7; 128])));
    fragments.extend(frame(0x80, &[7; 128]));
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let ((), used) = cost(|| echo(&mut socket, &fragments));
    println!("echo of 1 MiB in 8,192 fragments: peak {}, total {}", used.peak, used.total);
    assert!(used.left <= SPARE, "{}", used.left);
    assert!(used.peak < 8 * MEBIBYTE as isize, "{}", used.peak);
    assert!(used.total < 8 * MEBIBYTE as isize, "{}", used.total);
}

#[test]
fn header_alone_reserves_nothing_of_what_it_declares() {
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let bytes = frame(BINARY, &vec![7; MEBIBYTE]);
    let ((), used) = cost(|| echo(&mut socket, &bytes[..1000]));
    assert!(used.peak <= 2048, "{}", used.peak);
}

#[test]
fn memory_of_a_large_payload_is_not_used_for_one_of_less_than_half_its_length() {
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let large = frame(BINARY, &vec![7; MEBIBYTE]);
    echo(&mut socket, &large);
    let smaller = frame(BINARY, &vec![7; MEBIBYTE / 4]);
    let (received, used) = cost(|| socket.receive(&mut &smaller[..]));
    assert!(matches!(received, Ok(Some(Received::Frame(_)))));
    assert!((used.left as usize) < MEBIBYTE / 2, "{}", used.left);
    assert!(used.total as usize >= MEBIBYTE / 4, "{}", used.total);
}

#[test]
fn memory_of_large_payloads_under_way_together_is_used_again_until_a_websocket_ends() {
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let large = frame(BINARY, &vec![7; MEBIBYTE]);
    let mut sixteen_at_once = || {
        let receive = |_| socket.receive(&mut &large[..]).unwrap();
        let held: Vec<_> = (0..16).map(receive).collect();
        assert!(held.iter().all(Option::is_some));
    };
    let again = cost_again(&mut sixteen_at_once);
    assert!(again.total < 64 * 1024, "{}", again.total);
    drop(WebSocket::server(MAX_PAYLOAD));
    let ((), afterwards) = cost(sixteen_at_once);
    let asked_for = afterwards.total as usize / MEBIBYTE;
    assert_eq!(asked_for, 12, "four are kept");
}

#[test]
fn small_message_keeps_no_large_buffer_alive() {
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let large = frame(BINARY, &vec![7; MEBIBYTE]);
    let fragments = [frame(2, &vec![7; MEBIBYTE]), frame(0x80, b"7")].concat();
    let small = frame(TEXT, b"small");
    let bytes = [&large[..], &small, &fragments, &small].concat();
    let (held, used) = cost(|| {
        let mut input = &bytes[..];
        let mut held = Vec::new();
        while let Ok(Some(Received::Frame(frame))) = socket.receive(&mut input) {
            if frame.is_text() {
                held.push(frame);
            }
        }
        held
    });
    assert_eq!(held.len(), 2);
    assert!(used.left < 4096, "{}", used.left);
}

#[test]
fn pings_of_a_peer_that_does_not_read_cost_a_bounded_amount() {
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let ping = frame(PING, &[7; 125]);
    let ((), used) = cost(|| {
        for _ in 0..100_000 {
            assert_eq!(socket.receive(&mut &ping[..]), Ok(None));
        }
    });
    println!("100,000 unread pings: {} left", used.left);
    assert!(used.left < 160 * 1024, "{}", used.left);
    let ((), sent) = cost(|| {
        while socket.unsent_len() > 0 {
            socket.sent(1000);
        }
    });
    assert!(used.left + sent.left <= SPARE, "{}", used.left + sent.left);
}

#[test]
fn queue_that_never_empties_gives_back_what_a_large_message_took() {
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let small = || Frame::binary(Bytes::from_static(&[7; 100]));
    let ((), used) = cost(|| {
        socket.send(Frame::binary(vec![7; MEBIBYTE].into()));
        socket.send(small());
        while socket.unsent_len() > 102 {
            socket.sent(socket.unsent_len().min(1000));
            socket.send(small());
            socket.sent(102);
        }
    });
    assert!(used.left <= 4096, "{}", used.left);
}

#[test]
fn fault_and_a_close_leave_nothing_but_what_is_unsent() {
    let large = frame(BINARY, &vec![7; MEBIBYTE]);
    for end in [frame(0x88, b"\x03\xe8"), frame(TEXT, b"\xff")] {
        let bytes = [&large[..], &end, &large[..]].concat();
        let used = cost_again(|| echo(&mut WebSocket::server(MAX_PAYLOAD), &bytes));
        assert!(used.left <= SPARE, "{}", used.left);
    }
}
