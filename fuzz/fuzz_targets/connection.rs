// A connection of HTTP/1.1 to a server that echoes, and the WebSocket that it may become: no panic, no
// turn without end, no deadline that has passed and isn't served, and answers one behind the other.
//
// An input is what the client sends. `SID` in it stands for the session that was opened last. 0xFF and two
// bytes are something that happens in between: time passes, the client takes no bytes or a few, ends,
// breaks, or the server stops.
#![no_main]

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio_hub::http1::{Fallback, ServerConnection, Settings};
use engineio_hub::{Framed, Handler, Handshake, Hub, LONGEST_READ, Sender, Wire, Write};
use engineio_proto::server::Refusal;
use engineio_proto::{Instant, Message, ServerConfig};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|script: &[u8]| {
    let millis = Arc::new(AtomicU64::new(0));
    let mut world = World::new(&millis);
    let mut parts = script.split(|byte| *byte == 0xFF);
    world.send(parts.next().unwrap_or_default());
    for part in parts {
        let (what, rest) = part.split_at(part.len().min(2));
        let &[what, how_much] = what else { break };
        match what % 8 {
            0 | 1 => {
                millis.fetch_add(u64::from(how_much) * 100, SeqCst);
            }
            2 => world.peer.room = 0,
            3 => world.peer.room = usize::from(how_much),
            4 => world.peer.room = usize::MAX,
            5 => world.peer.has_ended = true,
            6 => world.peer.is_broken = true,
            _ => world.is_stopping = true,
        }
        world.carry();
        world.send(rest);
    }
    // Left alone, it ends.
    world.peer.room = usize::MAX;
    world.peer.has_ended = true;
    for _ in 0..100 {
        millis.fetch_add(1_000, SeqCst);
        world.carry();
    }
    assert!(matches!(world.connection, Connection::Gone), "it never ends");
    if !script.windows(4).any(|window| window == b"HEAD") {
        check(&world.peer.taken);
    }
});

/// Answers, one behind the other, up to a WebSocket or where the client left.
fn check(mut answers: &[u8]) {
    while let Some(end) = answers.windows(4).position(|window| window == b"\r\n\r\n") {
        let (head, rest) = answers.split_at(end + 4);
        let head = str::from_utf8(head).expect("a head of text");
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|head| head.get(..3));
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        answers = match (status.expect("an answer"), length) {
            ("101", None) => return,
            ("100" | "204" | "304", None) => rest,
            (_, Some(length)) => {
                let length = length.parse().expect("a number");
                rest.get(length..).unwrap_or_default()
            }
            (status, None) => panic!("{status} without a length"),
        };
    }
}

struct World {
    hub: Hub,
    connection: Connection,
    peer: Peer,
    is_stopping: bool,
}

#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Connection {
    Http(ServerConnection),
    WebSocket(Framed),
    Gone,
}

impl World {
    fn new(millis: &Arc<AtomicU64>) -> Self {
        let clock = Arc::clone(millis);
        let now = move || Instant::from_duration(Duration::from_millis(clock.load(SeqCst)));
        let config = ServerConfig::builder().max_payload(1_000).build().expect("a legal one");
        let hub = Hub::new(config, now, Box::new(()));
        hub.handle(Echo);
        let fallback = Some(Fallback::new(|_| http::Response::new("a page")));
        let settings = Settings { fallback, ..Settings::new(Duration::from_secs(45)) };
        let settings = Arc::new(settings);
        let connection = Connection::Http(ServerConnection::new(&hub, &settings, None));
        let peer = Peer { room: usize::MAX, ..Peer::default() };
        Self { hub, connection, peer, is_stopping: false }
    }

    fn send(&mut self, text: &[u8]) {
        self.peer.sent.extend(with_sid(text, &self.peer.taken));
        self.carry();
    }

    /// Lets the server do all that it can.
    fn carry(&mut self) {
        let cx = &mut Context::from_waker(Waker::noop());
        self.hub.expire(cx);
        for _ in 0..MOST_TURNS {
            let turn = match &mut self.connection {
                Connection::Http(http) => {
                    if self.is_stopping {
                        http.stop();
                    }
                    match carry(&mut self.peer, http, cx) {
                        Turn::Ended => {
                            let websocket = http.take_websocket();
                            self.connection =
                                websocket.map_or(Connection::Gone, Connection::WebSocket);
                            continue;
                        }
                        turn => turn,
                    }
                }
                Connection::WebSocket(framed) => carry(&mut self.peer, framed, cx),
                Connection::Gone => return,
            };
            match turn {
                Turn::Yielded => {}
                Turn::Ended => self.connection = Connection::Gone,
                Turn::Waiting => {
                    if let Connection::Http(http) = &self.connection {
                        let deadline = http.deadline();
                        assert!(deadline.is_none_or(|at| at > self.hub.now()), "{deadline:?}");
                    }
                    return;
                }
            }
        }
        panic!("a turn without end");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Waiting,
    Yielded,
    Ended,
}

fn carry(peer: &mut Peer, wire: &mut impl Wire, cx: &mut Context<'_>) -> Turn {
    let mut scratch = vec![0; LONGEST_READ];
    loop {
        while let Poll::Ready(write) = wire.poll_write(cx) {
            match write {
                Write::Bytes([first, second]) => {
                    assert!(!first.is_empty());
                    match peer.take(first).and_then(|count| Ok(count + peer.take(second)?)) {
                        Ok(0) => break,
                        Ok(count) => wire.written(count),
                        Err(_) => {
                            wire.failed();
                            return Turn::Ended;
                        }
                    }
                }
                Write::Shutdown => wire.shut_down(),
                Write::End => return Turn::Ended,
            }
        }
        if wire.poll_abort().is_ready() {
            return Turn::Ended;
        }
        if wire.poll_receive(cx, &mut scratch, |_, buffer| peer.give(buffer)).is_pending() {
            return Turn::Waiting;
        }
        if wire.is_turn_over() {
            return Turn::Yielded;
        }
    }
}

/// The client's end of the stream.
#[derive(Default)]
struct Peer {
    sent: VecDeque<u8>,
    taken: Vec<u8>,
    /// How many bytes it will take.
    room: usize,
    has_ended: bool,
    is_broken: bool,
}

impl Peer {
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_broken {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(self.room);
        self.room -= count;
        self.taken.extend(&bytes[..count]);
        Ok(count)
    }

    fn give(&mut self, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.is_broken {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        if self.sent.is_empty() && !self.has_ended {
            return Poll::Pending;
        }
        let count = self.sent.len().min(buffer.len());
        buffer.iter_mut().zip(self.sent.drain(..count)).for_each(|(to, byte)| *to = byte);
        Poll::Ready(Ok(count))
    }
}

struct Echo;

impl Handler<()> for Echo {
    fn connect(&self, _: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, session: &Sender, message: Message) {
        let _ = session.try_send(message);
    }
}

/// Puts the identifier of the newest session in its place.
fn with_sid(text: &[u8], taken: &[u8]) -> Vec<u8> {
    const BEFORE: &[u8] = b"\"sid\":\"";
    let at = taken.windows(BEFORE.len()).rposition(|window| window == BEFORE);
    let sid = at.and_then(|at| taken.get(at + BEFORE.len()..)?.split(|byte| *byte == b'"').next());
    let mut whole = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(3).position(|window| window == b"SID") {
        whole.extend(&rest[..at]);
        whole.extend(sid.unwrap_or(b"none"));
        rest = &rest[at + 3..];
    }
    whole.extend(rest);
    whole
}

/// More than one that ends would take for the longest input.
const MOST_TURNS: usize = 10_000;
