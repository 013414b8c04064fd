//! A client that breaks off in the middle of what it says.

use std::net::SocketAddr;

use peer::{get, post, upgrade, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is being said when it breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Talk {
    Handshake,
    Poll,
    Post,
    WebSocket,
    Upgrade,
}

pub(super) const TALKS: [Talk; 5] =
    [Talk::Handshake, Talk::Poll, Talk::Post, Talk::WebSocket, Talk::Upgrade];

/// How it breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// As a crash of its machine would.
    Reset,
    /// It says no more, and reads to the end.
    HalfClose,
    /// It says no more and stays; it reads, and must be told to go.
    Stall,
}

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

/// One part of what a client says, and what it waits for afterwards.
type Part = (Vec<u8>, &'static str);

impl Talk {
    fn parts(self, sid: &str) -> Vec<Part> {
        let polling = format!("{POLLING}&sid={sid}");
        let joining = format!("{WEBSOCKET}&sid={sid}");
        match self {
            Self::Handshake => vec![(get(POLLING).into(), "}")],
            Self::Poll => vec![(get(&polling).into(), "\r\n\r\n")],
            Self::Post => vec![(post(&polling, "4hello\u{1e}4again").into(), "ok")],
            Self::WebSocket => vec![
                (upgrade(WEBSOCKET).into(), "}"),
                ([frame(0x81, b"4hello"), frame(0x82, b"hello")].concat(), "4hello"),
                ([frame(0x89, b"ping"), frame(0x81, b"4bye"), frame(0x88, &[3, 232])].concat(), ""),
            ],
            Self::Upgrade => vec![
                (upgrade(&joining).into(), "\r\n\r\n"),
                (frame(0x81, b"2probe"), "3probe"),
                ([frame(0x81, b"5"), frame(0x81, b"4hello")].concat(), "4hello"),
            ],
        }
    }

    /// How many bytes it is.
    pub(super) fn len(self) -> usize {
        // As long as every other that a server makes.
        let sid = "x".repeat(22);
        self.parts(&sid).iter().map(|(bytes, _)| bytes.len()).sum()
    }

    /// Whether the session carries the connection after so many bytes: it is a WebSocket.
    pub(super) fn is_carried(self, bytes: usize) -> bool {
        let sid = "x".repeat(22);
        let request = self.parts(&sid).first().map_or(0, |(bytes, _)| bytes.len());
        matches!(self, Self::WebSocket | Self::Upgrade) && bytes >= request
    }

    const fn needs_session(self) -> bool {
        matches!(self, Self::Poll | Self::Post | Self::Upgrade)
    }
}

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// Says so many bytes, and breaks off. What the server does meanwhile isn't checked: it may have
/// given up already.
pub(super) async fn visit(address: SocketAddr, talk: Talk, bytes: usize, how: Break) {
    within(async {
        let mut stream = connect(address).await;
        let mut earlier = None;
        let mut sid = String::new();
        if talk.needs_session() {
            let opened = say(&mut stream, &get(POLLING).into_bytes(), "}").await;
            let Some(opened) = opened.and_then(|text| sid_of(&text)) else { return };
            sid = opened;
            if talk == Talk::Upgrade {
                earlier = Some(std::mem::replace(&mut stream, connect(address).await));
            }
        }
        let mut left = bytes;
        for (part, awaited) in talk.parts(&sid) {
            let now = part.len().min(left);
            left -= now;
            let is_last = now < part.len() || left == 0;
            let awaited = if is_last { "" } else { awaited };
            if say(&mut stream, &part[..now], awaited).await.is_none() || is_last {
                break;
            }
        }
        match how {
            Break::Reset => stream.set_zero_linger().expect("an open connection"),
            Break::HalfClose => {
                let _ = stream.shutdown().await;
                read_to_end(&mut stream).await;
            }
            Break::Stall => read_to_end(&mut stream).await,
        }
        drop(earlier);
    })
    .await;
}

/// Opens a session on a WebSocket, and reads its open packet.
pub(super) async fn open_websocket(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address).await;
    within(say(&mut stream, &upgrade(WEBSOCKET).into_bytes(), "}")).await.expect("a session");
    stream
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("the server listens")
}

/// Says this, and reads until this comes. `None`: the connection is over.
async fn say(stream: &mut TcpStream, bytes: &[u8], awaited: &str) -> Option<String> {
    stream.write_all(bytes).await.ok()?;
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains(awaited) {
        if stream.read_buf(&mut heard).await.ok()? == 0 {
            return None;
        }
    }
    Some(String::from_utf8_lossy(&heard).into_owned())
}

async fn read_to_end(stream: &mut TcpStream) {
    let mut scratch = [0; 1024];
    while stream.read(&mut scratch).await.is_ok_and(|count| count > 0) {}
}

fn sid_of(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(r#""sid":""#)?;
    Some(rest.split_once('"')?.0.to_owned())
}
