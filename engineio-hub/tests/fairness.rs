//! How long a busy WebSocket goes on before other connections have their turn.

use core::task::{Context, Poll, Waker};

use engineio_hub::{Answer, Framed, Handler, Handshake, Hub, LONGEST_READ, Sender};
use engineio_proto::server::Refusal;
use engineio_proto::{Instant, Message, ServerConfig};
use http::Request;

const EMPTY_PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];

struct Ignores;

impl Handler<()> for Ignores {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, _session: &Sender, _message: Message) {}
}

fn websocket() -> (Hub, Framed) {
    let hub = Hub::new(ServerConfig::default(), || Instant::ZERO, Box::new(()));
    hub.handle(Ignores);
    let request = Request::get("/engine.io/?EIO=4&transport=websocket")
        .header("host", "test")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
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
fn connection_that_was_flooded_reads_long_again_when_long_messages_come() {
    let (_hub, mut framed) = websocket();
    framed.received(&EMPTY_PING.repeat(1000));
    assert!(read_len(&mut framed) <= 4096);
    framed.received(&message(60_000)[..4096]);
    assert_eq!(read_len(&mut framed), LONGEST_READ);
}
