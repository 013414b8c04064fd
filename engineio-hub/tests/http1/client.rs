//! A client that writes its requests by hand, and the server at the other end of its connection.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use engineio_hub::http1::{Fallback, ServerConnection, Settings};
use engineio_hub::{LONGEST_READ, RemoteAddr};

use crate::common::binding::{Slot, carry, poll_carry};
use crate::common::executor::Task;
use crate::common::pipe::{End, pipe};
use crate::common::world::World;

pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(3);
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(7);

/// Where clients are.
pub(crate) const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4000);

pub(crate) fn settings(fallback: Option<Fallback>) -> Settings {
    Settings { head_timeout: HEAD_TIMEOUT, idle_timeout: IDLE_TIMEOUT, fallback, http2: false }
}

/// The client's end of a connection.
pub(crate) struct Client {
    pub(crate) end: End,
    /// Carries the server's end.
    server: Arc<Task>,
    stop: Slot<()>,
}

impl Client {
    pub(crate) fn connect(world: &World) -> Self {
        Self::connect_to(world, settings(None))
    }

    /// A connection to a server with this fallback.
    pub(crate) fn falling_back(world: &World, fallback: &Fallback) -> Self {
        Self::connect_to(world, settings(Some(fallback.clone())))
    }

    pub(crate) fn connect_to(world: &World, settings: Settings) -> Self {
        Self::narrow(world, settings, 1 << 20)
    }

    /// A connection that holds this many bytes each way.
    pub(crate) fn narrow(world: &World, settings: Settings, capacity: usize) -> Self {
        let (end, its) = pipe(capacity);
        let stop = Slot::new();
        let server = world.spawn(serve(world.clone(), settings, its, stop.clone()));
        Self { end, server, stop }
    }

    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) {
        self.end.write(bytes.as_ref()).await.expect("the server reads");
    }

    /// Tells the connection that the server stops.
    pub(crate) fn stop(&self) {
        self.stop.set(());
    }

    /// How often the server's end was polled.
    pub(crate) fn polls(&self) -> usize {
        self.server.polls()
    }

    /// The next answer, which has the body that its head announces.
    pub(crate) async fn answer(&self) -> Answer {
        let head = self.head().await;
        let length = head.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        let mut filled = 0;
        while filled < length {
            let count = self.end.read(&mut body[filled..]).await.expect("a body");
            assert!(count > 0, "it ends within a body");
            filled += count;
        }
        Answer { body: String::from_utf8(body).unwrap(), ..head }
    }

    /// The next answer, without its body. Not a byte behind it is read.
    pub(crate) async fn head(&self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            assert_eq!(self.end.read(&mut byte).await, Ok(1), "no more than {head:?}");
            head.extend(byte);
        }
        Answer { head: String::from_utf8(head).unwrap(), body: String::new() }
    }

    /// Sends a request, and waits for its answer.
    pub(crate) async fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        self.send(request).await;
        self.answer().await
    }

    /// All that comes up to the end of the stream, which must not be a reset.
    pub(crate) async fn rest(&self) -> String {
        let mut all = Vec::new();
        loop {
            let mut free = [0; 1024];
            match self.end.read(&mut free).await.expect("no reset") {
                0 => return String::from_utf8(all).unwrap(),
                count => all.extend(&free[..count]),
            }
        }
    }

    /// Whether an answer has begun to come, or the end. Takes its first byte.
    pub(crate) async fn hears_something(&self) -> bool {
        poll_fn(|cx| Poll::Ready(self.end.poll_read(cx, &mut [0]).is_ready())).await
    }

    /// Whether the server has closed its end.
    pub(crate) fn is_closed(&self) -> bool {
        self.server.is_done()
    }
}

/// Carries a connection to its end, also as a WebSocket. What comes as HTTP/2 goes back as it is.
async fn serve(world: World, settings: Settings, end: End, stop: Slot<()>) {
    let peer = Some(RemoteAddr(ADDRESS));
    let mut connection = ServerConnection::new(&world.hub, &Arc::new(settings), peer);
    let mut timer = world.time.timer();
    let mut scratch = vec![0; LONGEST_READ];
    poll_fn(|cx| {
        if stop.poll(cx).is_ready() {
            connection.stop();
        }
        if poll_carry(&end, &mut connection, &mut scratch, cx).is_ready() {
            return Poll::Ready(());
        }
        match connection.deadline() {
            Some(at) => assert!(timer.poll(at, cx.waker()).is_pending(), "it is due for ever"),
            None => timer.stop(),
        }
        Poll::Pending
    })
    .await;
    if let Some(first) = connection.take_http2() {
        end.write(&first).await.expect("the client reads");
        end.shutdown();
    } else if let Some(framed) = connection.take_websocket() {
        carry(end, framed).await;
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        let status = self.head.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3));
        status.expect("a status line").parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).first().copied()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(it, _)| *it == name).map(|(_, value)| value).collect()
    }

    /// The same answer, if it has this status and no other follows on its connection.
    pub(crate) fn expect_last(self, status: u16) -> Self {
        assert_eq!((self.status(), self.header("connection")), (status, Some("close")), "{self:?}");
        self
    }

    /// The same answer, if it has this status and others can follow.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!((self.status(), self.header("connection")), (status, None), "{self:?}");
        self
    }
}

/// How many answers these bytes are, if their bodies don't look like one.
pub(crate) fn count(answers: &str) -> usize {
    answers.matches("HTTP/1.1 ").count()
}

pub(crate) const HANDSHAKE: &str = "/engine.io/?EIO=4&transport=polling";

/// Where the session with this identifier polls.
pub(crate) fn target(sid: &str) -> String {
    format!("{HANDSHAKE}&sid={sid}")
}

pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n")
}

pub(crate) fn post(target: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {target} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {length}\r\n\r\n{body}")
}

pub(crate) fn post_chunked(target: &str, chunks: &str) -> String {
    let coding = "Transfer-Encoding: chunked";
    format!("POST {target} HTTP/1.1\r\nHost: a.test\r\n{coding}\r\n\r\n{chunks}")
}

/// A request for a WebSocket with more headers.
pub(crate) fn upgrade(headers: &str) -> String {
    format!(
        "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a.test\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

/// The request with one more header.
pub(crate) fn with(request: &str, header: &str) -> String {
    request.replacen("\r\n", &format!("\r\n{header}\r\n"), 1)
}

/// Answers with what it is asked.
pub(crate) fn mirror() -> Fallback {
    Fallback::new(|request| {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        http::Response::new(format!("{} {} {body}", request.method(), request.uri()))
    })
}
