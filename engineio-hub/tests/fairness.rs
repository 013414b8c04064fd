//! How long a busy WebSocket goes on before other connections have their turn.

#[path = "common/compressed.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod compressed;

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use engineio_hub::{Answer, Framed, Handler, Handshake, Hub, LONGEST_READ, Sender, Write};
use engineio_proto::server::Refusal;
use engineio_proto::{Instant, Message, ServerConfig};
use http::Request;

use compressed::{deflated, json};

const EMPTY_PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];

struct Ignores;

impl Handler<()> for Ignores {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, _session: &Sender, _message: Message) {}
}

fn websocket() -> (Hub, Framed) {
    let config = ServerConfig::builder().websocket_compression(true).build().unwrap();
    let hub = Hub::new(config, || Instant::ZERO, Box::new(()));
    hub.handle(Ignores);
    let request = Request::get("/engine.io/?EIO=4&transport=websocket")
        .header("host", "test")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-extensions", "permessage-deflate");
    let mut seat = hub.admit(&request.body(()).unwrap().into_parts().0).unwrap();
    match seat.poll_answer(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Answer::Upgrade(_, framed)) => (hub, framed),
        other => panic!("a 101 was expected, not {other:?}"),
    }
}

fn read_len(framed: &mut Framed) -> usize {
    match framed.poll_read(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(most) => most,
        Poll::Pending => panic!("the session takes more"),
    }
}

/// A message as clients send it, with a mask of zeros.
fn message(length: u16) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(frame.len() + usize::from(length), 7);
    frame
}

#[test]
fn connection_that_only_pings_has_its_turn_after_some_hundred_frames() {
    let (_hub, mut framed) = websocket();
    assert_eq!(read_len(&mut framed), LONGEST_READ);
    framed.received(&EMPTY_PING.repeat(LONGEST_READ / EMPTY_PING.len()));
    assert!(framed.is_turn_over());
    // From now on a read brings no more than a turn may have.
    let most = read_len(&mut framed);
    assert!(most <= 4096, "{most}");
    framed.received(&EMPTY_PING.repeat(most / EMPTY_PING.len()));
    assert!(framed.is_turn_over());
}

#[test]
fn connection_with_long_messages_reads_on_for_two_long_reads() {
    let (_hub, mut framed) = websocket();
    let long = message(60_000);
    framed.received(&long);
    assert!(!framed.is_turn_over());
    assert_eq!(read_len(&mut framed), LONGEST_READ);
    framed.received(&long);
    framed.received(&long);
    assert!(framed.is_turn_over());
    // The next turn has begun.
    framed.received(&long);
    assert!(!framed.is_turn_over());
}

#[test]
fn fragments_count_as_frames() {
    let (_hub, mut framed) = websocket();
    let mut fragments = vec![0x02, 0x81, 0, 0, 0, 0, 7];
    fragments.extend([0x00, 0x81, 0, 0, 0, 0, 7].repeat(600));
    framed.received(&fragments);
    assert!(framed.is_turn_over());
}

#[test]
fn flood_is_read_in_short_steps_though_a_read_found_little() {
    let (_hub, mut framed) = websocket();
    framed.received(&EMPTY_PING.repeat(1000));
    framed.received(&EMPTY_PING.repeat(10));
    assert!(read_len(&mut framed) <= 4096);
}

#[test]
fn connection_that_was_flooded_reads_long_again_when_long_messages_come() {
    let (_hub, mut framed) = websocket();
    framed.received(&EMPTY_PING.repeat(1000));
    assert!(read_len(&mut framed) <= 4096);
    framed.received(&message(60_000)[..4096]);
    assert_eq!(read_len(&mut framed), LONGEST_READ);
}

/// A compressed message with a mask of zeros.
fn compressed_message(payload: &[u8]) -> Vec<u8> {
    let payload = deflated(payload, 9);
    let mut frame = vec![0xc2, 0x80 | 126];
    frame.extend((payload.len() as u16).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

#[test]
fn inflated_bytes_count() {
    let (_hub, mut framed) = websocket();
    framed.received(&compressed_message(&[7; 120_000]));
    assert!(!framed.is_turn_over());
    framed.received(&compressed_message(&[7; 120_000]));
    assert!(framed.is_turn_over());
}

#[test]
fn messages_that_swell_are_taken_over_several_turns() {
    let (_hub, mut framed) = websocket();
    framed.received(&compressed_message(&[7; 100_000]).repeat(10));
    assert!(framed.is_turn_over());
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut turns = 0;
    while framed.poll_read(&mut Context::from_waker(&waker)).is_pending() {
        turns += 1;
        assert_eq!(wakes.0.load(SeqCst), turns, "it comes back by itself");
    }
    assert_eq!(turns, 4, "two of the messages at a time");
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn connection_with_much_to_compress_gives_way_in_between() {
    let (hub, mut framed) = websocket();
    for _ in 0..10 {
        hub.sessions().broadcast(json(60_000));
    }
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut turns = 0;
    loop {
        turns += 1;
        let mut written = 0;
        while let Poll::Ready(Write::Bytes(parts)) =
            framed.poll_write(&mut Context::from_waker(&waker))
        {
            let count = parts.concat().len();
            framed.written(count);
            written += count;
        }
        assert!(written < 100_000, "{written}");
        if wakes.0.load(SeqCst) < turns {
            break;
        }
    }
    assert!((3..=6).contains(&turns), "{turns}");
}
