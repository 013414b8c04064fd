//! Clients that keep a server busy.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use peer::{Peer, get, upgrade};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinSet;

use crate::serving::{FETCH, LONG};

/// So many clients that do the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    pub(crate) what: &'static str,
    count: usize,
    does: Does,
}

type Does = fn(Busy) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

pub(crate) const CROWDS: [Crowd; 6] = [
    Crowd { what: "nobody", count: 0, does: |busy| Box::pin(ping_unread(busy)) },
    Crowd {
        what: "8 that ping and read nothing",
        count: 8,
        does: |busy| Box::pin(ping_unread(busy)),
    },
    Crowd { what: "32 that ping and read", count: 32, does: |busy| Box::pin(ping(busy)) },
    Crowd { what: "8 that echo 60 kB", count: 8, does: |busy| Box::pin(echo_long(busy)) },
    Crowd {
        what: "8 that send fragments of one byte",
        count: 8,
        does: |busy| Box::pin(send_fragments(busy)),
    },
    Crowd { what: "6 that poll 800 kB of gzip", count: 6, does: |busy| Box::pin(fetch(busy)) },
];

impl Crowd {
    /// Starts it.
    pub(crate) async fn gather(self, address: SocketAddr) -> Gathered {
        let mut gathered = Gathered::default();
        for _ in 0..self.count {
            let moved = Arc::clone(&gathered.moved);
            let stream = TcpStream::connect(address).await.expect("the server listens");
            let busy = (self.does)(Busy { stream, moved });
            gathered.clients.spawn(async { busy.await.expect("an open session") });
        }
        gathered
    }
}

/// A crowd that is under way. It goes when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    clients: JoinSet<()>,
    moved: Arc<AtomicU64>,
}

impl Gathered {
    /// How many bytes were moved, both ways.
    pub(crate) fn bytes(&self) -> u64 {
        self.moved.load(Relaxed)
    }
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Busy {
    stream: TcpStream,
    moved: Arc<AtomicU64>,
}

impl Busy {
    async fn websocket(&mut self) -> io::Result<()> {
        let target = "/engine.io/?EIO=4&transport=websocket";
        self.stream.write_all(upgrade(target).as_bytes()).await?;
        let mut head = Vec::new();
        // Nothing else has braces.
        while !head.ends_with(b"}") {
            head.push(self.stream.read_u8().await?);
        }
        Ok(())
    }

    /// Sends this again and again, and reads whatever comes.
    async fn flood(self, bytes: &[u8]) -> io::Result<()> {
        let (reader, writer) = self.stream.into_split();
        tokio::try_join!(send(writer, bytes, &self.moved), read(reader, &self.moved)).map(drop)
    }
}

async fn send(mut to: OwnedWriteHalf, bytes: &[u8], moved: &AtomicU64) -> io::Result<()> {
    loop {
        to.write_all(bytes).await?;
        moved.fetch_add(bytes.len() as u64, Relaxed);
    }
}

async fn read(mut from: OwnedReadHalf, moved: &AtomicU64) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match from.read(&mut buffer).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => moved.fetch_add(count as u64, Relaxed),
        };
    }
}

/// Some ten thousand empty pings.
fn pings() -> Vec<u8> {
    [0x89, 0x80, 0, 0, 0, 0].repeat(10_000)
}

async fn ping_unread(mut busy: Busy) -> io::Result<()> {
    busy.websocket().await?;
    let (_unread, writer) = busy.stream.into_split();
    send(writer, &pings(), &busy.moved).await
}

async fn ping(mut busy: Busy) -> io::Result<()> {
    busy.websocket().await?;
    busy.flood(&pings()).await
}

/// Messages of nine thousand fragments each.
async fn send_fragments(mut busy: Busy) -> io::Result<()> {
    let fragment = |first| [first, 0x81, 0, 0, 0, 0, 7];
    let message = [&fragment(0x02)[..], &fragment(0x00).repeat(9_000), &fragment(0x80)].concat();
    busy.websocket().await?;
    busy.flood(&message).await
}

async fn echo_long(mut busy: Busy) -> io::Result<()> {
    const LENGTH: u16 = 60_000;
    let mut message = vec![0x82, 0x80 | 126];
    message.extend(LENGTH.to_be_bytes());
    message.resize(message.len() + 4 + usize::from(LENGTH), 0);
    // Without its mask.
    let mut echo = vec![0; message.len() - 4];
    busy.websocket().await?;
    loop {
        busy.stream.write_all(&message).await?;
        busy.stream.read_exact(&mut echo).await?;
        busy.moved.fetch_add((message.len() + echo.len()) as u64, Relaxed);
    }
}

async fn fetch(busy: Busy) -> io::Result<()> {
    let target = "/engine.io/?EIO=4&transport=polling";
    let mut peer = Peer::over(busy.stream);
    let target = format!("{target}&sid={}", peer.get(target).await.expect(200).sid());
    let poll = get(&target).replacen("\r\n", "\r\nAccept-Encoding: gzip\r\n", 1);
    loop {
        peer.post(&target, &format!("4{FETCH}")).await.expect(200);
        let answer = peer.request(&poll).await.expect(200);
        if answer.body.len() > 100 {
            assert_eq!(answer.header("content-encoding"), Some("gzip"));
            busy.moved.fetch_add(LONG as u64, Relaxed);
        }
    }
}
