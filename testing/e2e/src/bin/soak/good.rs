//! A client that behaves: what its echoes take.

use std::fmt;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use peer::upgrade;
use tokio::time::Instant;

/// It has a thread of its own, so that it waits for nothing but the server and the system.
#[derive(Debug)]
pub(crate) struct Good {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Good {
    /// Opens a session on a WebSocket, and sends a message every few milliseconds.
    pub(crate) fn start(address: SocketAddr) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let mut stream = open(address);
        let thread = thread::spawn(move || {
            let mut echoes = Vec::new();
            while !told.load(Relaxed) {
                let start = Instant::now();
                echo(&mut stream);
                echoes.push(start.elapsed());
                thread::sleep(PAUSE);
            }
            echoes
        });
        Self { is_over, thread }
    }

    /// Ends it. `None`: its session ended before, or an echo took longer than [`PATIENCE`].
    pub(crate) fn end(self) -> Option<Echoes> {
        self.is_over.store(true, Relaxed);
        let mut echoes = self.thread.join().ok()?;
        echoes.sort_unstable();
        let at = |percent| echoes.get(echoes.len() * percent / 100).copied();
        Some(Echoes { median: at(50)?, p99: at(99)?, longest: *echoes.last()? })
    }
}

/// How long echoes took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echoes {
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
    pub(crate) longest: Duration,
}

impl fmt::Display for Echoes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, p99] = [self.median, self.p99].map(|it| it.as_secs_f64() * 1000.0);
        write!(f, "{median:.1} / {p99:.1}")
    }
}

/// Between an echo and the next message.
const PAUSE: Duration = Duration::from_millis(2);

/// Longer than any server may take.
const PATIENCE: Duration = Duration::from_secs(30);

fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("an open connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let target = "/engine.io/?EIO=4&transport=websocket";
    stream.write_all(upgrade(target).as_bytes()).expect("the server reads");
    let mut byte = [0];
    // Nothing else has braces.
    while byte != *b"}" {
        stream.read_exact(&mut byte).expect("an open packet");
    }
    stream
}

/// Sends a message, and reads until it comes back.
fn echo(stream: &mut TcpStream) {
    let frame = |text: &[u8]| [&[0x81, 0x80 | text.len() as u8, 0, 0, 0, 0], text].concat();
    stream.write_all(&frame(b"4hello")).expect("an open session");
    loop {
        let mut header = [0; 2];
        stream.read_exact(&mut header).expect("an echo");
        let mut packet = vec![0; usize::from(header[1])];
        stream.read_exact(&mut packet).expect("an echo");
        match &packet[..] {
            b"2" => stream.write_all(&frame(b"3")).expect("an open session"),
            b"4hello" => return,
            other => panic!("{other:?} came instead of an echo"),
        }
    }
}
