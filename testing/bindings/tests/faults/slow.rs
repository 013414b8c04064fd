//! A client that reads nothing, among many that do.

use std::env;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use peer::within;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::client::open_websocket;
use super::process::alone;
use crate::engineio::{
    Outgoing, Overflow, PlainSender, Server, ServerCloseReason, ServerConfig, ServerEvent, serve,
};

/// `ENGINEIO_CONSUMERS=200` for more.
fn consumers() -> usize {
    env::var("ENGINEIO_CONSUMERS").ok().and_then(|count| count.parse().ok()).unwrap_or(50)
}

const MESSAGE: usize = 64 << 10;
/// Enough to fill the buffers of the system and the outbox several times.
const MESSAGES: usize = 200;
/// As many fit into the buffers of the system.
const WARM: usize = 4;
const OUTBOX: usize = 256 << 10;

/// What a server may hold for the slow client: its outbox with the message that went over the mark,
/// a message that is being written, and what the others have under way. The whole broadcast is 13 MB.
const CAP: isize = (OUTBOX + 4 * MESSAGE) as isize;

/// Broadcasts to everybody, each message when the last one has arrived at all who read. Returns why
/// the slow client's session had ended by then.
async fn broadcast(
    overflow: Overflow,
    wrap: impl Fn(Bytes) -> Outgoing,
) -> Option<ServerCloseReason> {
    let forever = Duration::from_secs(3600);
    let config = ServerConfig::builder()
        .outbox_high_water(OUTBOX)
        .outbox_low_water(OUTBOX / 2)
        .ping_interval(forever)
        .stall_timeout(forever);
    let server = Server::new(config.build().expect("a legal configuration"));
    let mut events = server.events();
    let address = serve(&server).await.0;
    let mut connected = async || match within(events.next()).await {
        Some(ServerEvent::Connect(sender)) => sender,
        other => panic!("unexpected {other:?}"),
    };
    let _slow = open_websocket(address).await;
    let slow: PlainSender = connected().await;
    slow.set_overflow(overflow);
    let mut others = Vec::new();
    for _ in 0..consumers() {
        others.push(Reader::new(open_websocket(address).await));
        connected().await.set_overflow(overflow);
    }
    let mut before = 0;
    for number in 0..MESSAGES {
        let message = Bytes::from(vec![(number % 251) as u8; MESSAGE]);
        server.broadcast(wrap(message.clone()));
        within(join_all(others.iter_mut().map(|other| other.read(&message)))).await;
        if number == WARM {
            before = heap::settled();
        }
    }
    let held = heap::settled() - before;
    println!("{overflow:?}: {held} bytes held, {} of them in the outbox", slow.queued_bytes());
    assert!(slow.queued_bytes() <= OUTBOX + MESSAGE, "{} bytes", slow.queued_bytes());
    assert!(held < CAP, "{held} bytes");
    let reason = slow.close_reason();
    server.close(Duration::ZERO).await;
    reason
}

/// Reads into one buffer, so that nothing of what the process holds is its own.
struct Reader {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Reader {
    fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: vec![0; HEADER + MESSAGE] }
    }

    /// Reads a frame, which must carry this message.
    async fn read(&mut self, message: &[u8]) {
        self.stream.read_exact(&mut self.buffer).await.expect("a message");
        let (header, payload) = self.buffer.split_at(HEADER);
        assert_eq!(header, [&[0x82, 127][..], &(MESSAGE as u64).to_be_bytes()].concat());
        assert!(payload == message, "another message");
    }
}

/// The length of a long frame's header.
const HEADER: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_reads_nothing_misses_broadcasts_and_costs_no_more_than_its_outbox() {
    let _alone = alone().await;
    assert_eq!(broadcast(Overflow::Drop, Outgoing::from).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_reads_nothing_is_closed_where_the_application_says_so() {
    let _alone = alone().await;
    let reason = broadcast(Overflow::Close, Outgoing::from).await;
    assert_eq!(reason, Some(ServerCloseReason::Overloaded));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_reads_nothing_misses_volatile_messages() {
    let _alone = alone().await;
    let volatile = |message| Outgoing::from(message).volatile();
    assert_eq!(broadcast(Overflow::Close, volatile).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_reads_nothing_holds_the_latest_message_of_a_key() {
    let _alone = alone().await;
    let latest = |message| Outgoing::from(message).keep_latest(7);
    assert_eq!(broadcast(Overflow::Close, latest).await, None);
}
