//! What compression costs in memory and in work, counted by the allocator.

#[path = "common/compressed.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod compressed;

use core::task::{Context, Poll, Waker};

use engineio_hub::websocket::{Deflate, Fault, WebSocket};
use engineio_hub::{Answer, Framed, Hub, Socket, Write};
use engineio_proto::{Frame, Instant, Outgoing, ServerConfig};
use heap::cost;
use http::{HeaderMap, Request};

use compressed::{deflated, json};

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

const OFFER: &str = "permessage-deflate; client_max_window_bits";
const COMPRESSED_TEXT: u8 = 0xc1;
const COMPRESSED_BINARY: u8 = 0xc2;
const MEBIBYTE: usize = 1 << 20;

/// A client's frame with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | 127];
    frame.extend((payload.len() as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn websocket(max_payload: usize) -> WebSocket {
    let mut request = HeaderMap::new();
    request.insert("sec-websocket-extensions", OFFER.parse().unwrap());
    let agreed = Deflate::accept(&request, 0);
    assert!(agreed.is_some());
    WebSocket::server(max_payload).compressed(agreed)
}

fn hub(compresses: bool) -> Hub {
    let config = ServerConfig::builder().websocket_compression(compresses).build().unwrap();
    Hub::new(config, || Instant::ZERO, Box::new(()))
}

/// A session over a WebSocket that compresses.
fn session(hub: &Hub) -> (Framed, Socket) {
    let request = Request::get("/engine.io/?EIO=4&transport=websocket")
        .header("host", "test")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-extensions", OFFER);
    let cx = &mut Context::from_waker(Waker::noop());
    let mut seat = hub.admit(&request.body(()).unwrap().into_parts().0).unwrap();
    let Poll::Ready(Some(incoming)) = hub.poll_incoming(cx) else { panic!("a handshake") };
    let socket = incoming.accept().unwrap();
    match seat.poll_answer(cx) {
        Poll::Ready(Answer::Upgrade(response, mut framed)) => {
            let compresses = hub.config().websocket_compression();
            assert_eq!(response.headers().contains_key("sec-websocket-extensions"), compresses);
            written(&mut framed);
            (framed, socket)
        }
        other => panic!("a 101 was expected, not {other:?}"),
    }
}

/// What it writes.
fn written(framed: &mut Framed) -> Vec<u8> {
    let mut all = Vec::new();
    while let Poll::Ready(Write::Bytes(parts)) =
        framed.poll_write(&mut Context::from_waker(Waker::noop()))
    {
        let bytes = parts.concat();
        framed.written(bytes.len());
        all.extend(bytes);
    }
    all
}

/// A gibibyte of zeros in a megabyte: blocks that don't refer to each other.
fn bomb() -> Vec<u8> {
    let mut block = deflated(&vec![0; MEBIBYTE], 9);
    block.extend([0, 0, 0xff, 0xff]);
    block.repeat(1024)
}

#[test]
fn bomb_of_a_gibibyte_is_refused_with_memory_for_the_limit_alone() {
    let max_payload = 2_000_000;
    let wire = frame(COMPRESSED_BINARY, &bomb());
    assert!(wire.len() < 1_100_000, "{}", wire.len());
    let mut socket = websocket(max_payload);
    let (fault, used) = cost(|| {
        let mut outcome = Ok(None);
        for mut chunk in wire.chunks(16 << 10) {
            outcome = socket.receive(&mut chunk);
        }
        outcome.unwrap_err()
    });
    assert_eq!((fault.close_code(), fault), (1009, Fault::TooLarge));
    println!("a bomb of 1 GiB: peak {}", used.peak);
    // What has come, in a buffer that grows, and twice the limit, for the same reason.
    assert!(used.peak < 8_000_000, "{}", used.peak);
    assert!(used.left < 200_000, "{}", used.left);
}

#[test]
fn websocket_that_compresses_has_nothing_on_the_heap_between_messages() {
    let message = json(5_000);
    let wire = frame(COMPRESSED_TEXT, &deflated(message.as_bytes(), 6));
    let echo = |socket: &mut WebSocket| {
        assert!(socket.receive(&mut &wire[..]).unwrap().is_some());
        socket.send(Frame::text(message.as_str().into()).compress(true));
        socket.sent(socket.unsent_len());
    };
    // What its thread keeps.
    let ((), first) = cost(|| echo(&mut websocket(MEBIBYTE)));
    println!("what a thread keeps: {}", first.left);
    assert!((300_000..700_000).contains(&first.left), "{}", first.left);
    let ((), used) = cost(|| {
        let mut all = (0..100).map(|_| websocket(MEBIBYTE)).collect::<Vec<_>>();
        let ((), idle) = cost(|| all.iter_mut().for_each(echo));
        assert_eq!(idle.left, 0);
    });
    assert_eq!(used.left, 0);
}

/// The memory of idle sessions that have had a message each way, on the heap.
fn idle_sessions(hub: &Hub, wire: &[u8]) -> isize {
    let talk = |(framed, socket): &mut (Framed, Socket)| {
        framed.received(wire);
        let cx = &mut Context::from_waker(Waker::noop());
        let Poll::Ready(Some(message)) = socket.poll_recv(cx) else { panic!("a message") };
        socket.try_send(message).unwrap();
        assert!(socket.poll_recv(cx).is_pending());
        assert!(!written(framed).is_empty());
    };
    // What the thread and the server keep.
    (0..3).for_each(|_| talk(&mut session(hub)));
    let (all, used) = cost(|| {
        let mut all = (0..100).map(|_| session(hub)).collect::<Vec<_>>();
        all.iter_mut().for_each(talk);
        all.iter_mut().for_each(talk);
        all
    });
    drop(all);
    used.left
}

#[test]
fn idle_session_that_compresses_is_no_larger_than_another() {
    let text = format!("4{}", json(5_000));
    let compressed = frame(COMPRESSED_TEXT, &deflated(text.as_bytes(), 6));
    let with = idle_sessions(&hub(true), &compressed);
    let without = idle_sessions(&hub(false), &frame(0x81, text.as_bytes()));
    println!("100 idle sessions: {with} bytes, and {without} without compression");
    // The map's tables differ with the identifiers. A context of deflate would have 47,000 bytes.
    assert!(with <= without + 100 * 100, "{with} and {without}");
}

#[test]
fn broadcast_is_compressed_once_for_all() {
    let hub = hub(true);
    let mut all = (0..50).map(|_| session(&hub)).collect::<Vec<_>>();
    let message = json(50_000);
    // Each message of a batch, too.
    for outgoing in [Outgoing::from(&message), Outgoing::batch([message.as_str().into()])] {
        hub.sessions().broadcast(outgoing);
        let written_from = all.iter_mut().map(|(framed, _socket)| {
            let cx = &mut Context::from_waker(Waker::noop());
            let Poll::Ready(Write::Bytes([header, payload])) = framed.poll_write(cx) else {
                panic!("the message")
            };
            assert_eq!(header.first(), Some(&COMPRESSED_TEXT));
            assert!((4_096..25_000).contains(&payload.len()), "{}", payload.len());
            let (address, length) = (payload.as_ptr().addr(), header.len() + payload.len());
            framed.written(length);
            address
        });
        let mut addresses = written_from.collect::<Vec<_>>();
        addresses.dedup();
        assert_eq!(addresses.len(), 1, "all write the same bytes from where they are");
    }
    hub.sessions().send_to(all.iter().map(|(_, socket)| socket.sid().clone()), "a".repeat(2_000));
    let first = written(&mut all[0].0);
    assert!(first.len() < 100);
    assert!(all[1..].iter_mut().all(|(framed, _)| written(framed) == first));
}

/// Many messages in one read, each near the limit when it is inflated.
#[test]
fn read_full_of_messages_that_swell_takes_memory_for_a_few_of_them() {
    let hub = hub(true);
    let (mut framed, mut socket) = session(&hub);
    let mut message = vec![b'4'];
    message.resize(900_000, b'a');
    let wire = frame(COMPRESSED_TEXT, &deflated(&message, 9));
    let wire = wire.repeat((64 << 10) / wire.len());
    let ((), used) = cost(|| framed.received(&wire));
    println!("{} bytes became {} at once", wire.len(), used.peak);
    assert!(used.peak < 3_000_000, "{}", used.peak);
    assert!(framed.is_turn_over());

    // The rest is taken one by one, as far as the application reads.
    let cx = &mut Context::from_waker(Waker::noop());
    let ((), used) = cost(|| {
        for _ in 0..100 {
            assert!(framed.poll_read(cx).is_pending());
        }
    });
    assert!(used.peak < 3_000_000, "{}", used.peak);
    let mut count = 0;
    while count < 60 {
        while let Poll::Ready(Some(_)) = socket.poll_recv(cx) {
            count += 1;
        }
        let _ = framed.poll_read(cx);
    }
    while framed.poll_read(cx).is_pending() {
        while let Poll::Ready(Some(_)) = socket.poll_recv(cx) {}
    }
}
