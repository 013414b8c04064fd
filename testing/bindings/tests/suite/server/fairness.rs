//! A client that sends as much as it can, and those beside it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use peer::{LIMIT, upgrade, within};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::engineio::{Handler, Handshake, Message, PlainSender, Refusal, Server};
use crate::suite::{WEBSOCKET, config, listen};

/// Counts what the flood brings, and tells it to who asks. It stands still while the flood is sent.
struct Counting {
    flood: AtomicUsize,
    stands: Sender<()>,
    /// Ends when everything is sent.
    goes_on: Mutex<Receiver<()>>,
}

impl Handler<()> for Counting {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, session: &PlainSender<()>, message: Message) {
        match message.as_text() {
            Some("stand") => {
                self.stands.send(()).expect("a test");
                let _ = self.goes_on.lock().expect("no panic").recv();
            }
            Some("count") => {
                let before = self.flood.load(SeqCst).to_string();
                session.try_send(before).expect("room");
            }
            None => {}
            Some(_) => {
                self.flood.fetch_add(1, SeqCst);
            }
        }
    }
}

/// What lies in the server's sockets when it begins: a flood, and then a message of each neighbour.
/// On several threads, some neighbours share the flood's.
#[test]
fn flood_that_was_sent_before_keeps_no_other_waiting_for_all_of_it() {
    // tokio looks for other connections after 61 turns of tasks, if it isn't told otherwise.
    let runtime = Builder::new_current_thread().enable_all().event_interval(1).build();
    runtime.expect("a runtime").block_on(async {
        let (stands, standing) = channel();
        let (go_on, goes_on) = channel();
        let server = Server::new(config().build().expect("a legal configuration"));
        let flood = AtomicUsize::new(0);
        server.handle(Counting { flood, stands, goes_on: Mutex::new(goes_on) });
        let address = listen(&server).await;
        let (tell, told) = oneshot::channel();
        // The server may stand still in this thread.
        thread::spawn(move || tell.send(flood_and_ask(address, &standing, go_on)));
        let (sent, before) = within(told).await.expect("no panic");
        println!("{before} of {sent} messages of the flood came first");
        assert!(sent > 2 * MOST, "the sockets take only {sent}");
        assert!(before < MOST, "{before} of {sent} came first");
    });
}

const NEIGHBOURS: usize = 4;
/// What fits into two long reads. A turn ends after one that is full of pings, and the next ones are
/// short; without an end of its own it is ended by tokio after five of these.
const MOST: usize = (128 << 10) / UNIT;
/// A message and nine pings, in bytes.
const UNIT: usize = 8 + 9 * 6;

/// Returns how many messages the flood has, and how many came before the last neighbour's.
fn flood_and_ask(
    address: SocketAddr,
    standing: &Receiver<()>,
    go_on: Sender<()>,
) -> (usize, usize) {
    let mut greedy = open(address);
    let mut neighbours: Vec<_> = (0..NEIGHBOURS).map(|_| open(address)).collect();
    // Sockets that have carried much have room for much.
    for _ in 0..100 {
        greedy.write_all(&long()).expect("the server reads");
    }
    greedy.write_all(&text("4stand")).expect("the server reads");
    standing.recv_timeout(LIMIT).expect("it comes");
    let sent = flood(&mut greedy);
    for neighbour in &mut neighbours {
        neighbour.write_all(&text("4count")).expect("room in the sockets");
    }
    drop(go_on);
    let before = neighbours.iter_mut().map(answer).max();
    (sent, before.expect("a neighbour"))
}

/// Sends messages with nine pings each, as many as the sockets take up to a megabyte.
fn flood(stream: &mut TcpStream) -> usize {
    const EMPTY_PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];
    let flood = [text("4x"), EMPTY_PING.repeat(9)].concat().repeat((1 << 20) / UNIT);
    stream.set_nonblocking(true).expect("an open connection");
    let mut sent = 0;
    while sent < flood.len() {
        match stream.write(&flood[sent..]) {
            Ok(count) => sent += count,
            Err(full) if full.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    sent / UNIT
}

/// A binary message of 60 kB.
fn long() -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | 126];
    frame.extend(60_000_u16.to_be_bytes());
    frame.resize(frame.len() + 4 + 60_000, 0);
    frame
}

/// A frame with a mask of zeros.
fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short frame");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}

fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a time-out");
    stream.write_all(upgrade(WEBSOCKET).as_bytes()).expect("the server reads");
    let mut byte = [0];
    // Nothing else has braces.
    while byte != *b"}" {
        stream.read_exact(&mut byte).expect("an open packet");
    }
    stream
}

/// The number in a message.
fn answer(stream: &mut TcpStream) -> usize {
    let mut header = [0; 2];
    stream.read_exact(&mut header).expect("an answer");
    let mut packet = vec![0; usize::from(header[1])];
    stream.read_exact(&mut packet).expect("an answer");
    let packet = String::from_utf8(packet).expect("text");
    packet.strip_prefix('4').and_then(|it| it.parse().ok()).expect("a number")
}
