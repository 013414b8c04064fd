//! A scripted server.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

use crate::within;

/// The answer to a request.
#[expect(missing_debug_implementations, reason = "it holds functions")]
pub enum Answer {
    /// Status, more headers, body.
    Whole(u16, &'static str, String),
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// The first bytes once, and then the others forever.
    Endless(&'static str, &'static str),
    /// Nothing, and the connection stays.
    Silence,
    /// A WebSocket, and the function that takes it.
    WebSocket(Box<dyn FnOnce(WebSocket) + Send>),
}

impl Answer {
    /// A success with this body.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::Whole(200, "", body.into())
    }

    /// These bytes, and the end of the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Raw(bytes.into())
    }

    /// A WebSocket, and the function that takes it.
    pub fn websocket(talk: impl FnOnce(WebSocket) + Send + 'static) -> Self {
        Self::WebSocket(Box::new(talk))
    }
}

/// A connection, with TLS or without.
pub trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// The server's end of a WebSocket.
pub type WebSocket = tungstenite::WebSocket<Box<dyn Stream>>;

/// What a server saw, in order.
#[derive(Debug)]
pub enum Seen {
    /// A request.
    Request(Request),
    /// The end of a connection: the client closed it.
    End,
}

/// A request, with its body.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of its connection, counted from 0.
    pub connection: usize,
    /// The request line and the headers.
    pub head: String,
    /// The whole body.
    pub body: String,
}

impl Request {
    /// `open`, `poll`, `post` or `websocket`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.head {
            head if head.contains("transport=websocket") => "websocket",
            head if head.starts_with("POST") => "post",
            head if head.contains("sid=") => "poll",
            _ => "open",
        }
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A server on a free port, with its own threads.
#[derive(Debug)]
pub struct Script {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Mutex<UnboundedReceiver<Seen>>,
}

impl Script {
    /// A server that answers each request with the result of `answer`.
    pub fn new(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::over(|stream| Box::new(stream), answer)
    }

    /// The same, with `wrap` around its connections.
    pub fn over(
        wrap: impl Fn(TcpStream) -> Box<dyn Stream> + Send + Sync + 'static,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Self::listen(listener, wrap, answer)
    }

    /// The same at this address, if the machine has it.
    pub fn at(
        address: &str,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Option<Self> {
        Some(Self::on(TcpListener::bind(address).ok()?, answer))
    }

    /// The same with this listener.
    pub fn on(
        listener: TcpListener,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::listen(listener, |stream| Box::new(stream), answer)
    }

    fn listen(
        listener: TcpListener,
        wrap: impl Fn(TcpStream) -> Box<dyn Stream> + Send + Sync + 'static,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("an address");
        let (told, seen) = unbounded_channel();
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let stream = wrap(stream.expect("a connection"));
                let (told, answer) = (told.clone(), Arc::clone(&answer));
                thread::spawn(move || {
                    serve(stream, connection, &told, &*answer);
                });
            }
        });
        Self { address, seen: Mutex::new(seen) }
    }

    /// The URL for a client.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for what it sees next.
    pub async fn next(&self) -> Seen {
        let mut seen = self.seen.lock().await;
        within(seen.recv()).await.expect("a thread that serves")
    }

    /// The next request.
    pub async fn request(&self) -> Request {
        loop {
            if let Seen::Request(request) = self.next().await {
                return request;
            }
        }
    }

    /// The next request of this kind. Everything before it is skipped.
    pub async fn request_for(&self, kind: &str) -> Request {
        loop {
            let request = self.request().await;
            if request.kind() == kind {
                return request;
            }
        }
    }
}

fn serve(
    mut stream: Box<dyn Stream>,
    connection: usize,
    told: &UnboundedSender<Seen>,
    answer: &(impl Fn(&Request) -> Answer + ?Sized),
) {
    while let Ok(request) = read(&mut stream, connection) {
        let _ = told.send(Seen::Request(request.clone()));
        match answer(&request) {
            Answer::WebSocket(talk) => {
                let Ok(socket) = switch(stream, &request) else { return };
                return talk(socket);
            }
            said => match say(&mut stream, said) {
                Ok(true) => {}
                Ok(false) | Err(_) => return,
            },
        }
    }
    let _ = told.send(Seen::End);
}

fn read(stream: &mut impl Read, connection: usize) -> io::Result<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).expect("text");
    let mut request = Request { connection, head, body: String::new() };
    let length = request.header("content-length").map_or(0, |it| it.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    request.body = String::from_utf8(body).expect("text");
    Ok(request)
}

/// Sends an answer. Returns whether the connection stays open.
fn say(stream: &mut impl Write, said: Answer) -> io::Result<bool> {
    match said {
        Answer::Whole(status, headers, body) => {
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
            stream.write_all(head.as_bytes())?;
            stream.flush()?;
            Ok(true)
        }
        Answer::Raw(bytes) => {
            stream.write_all(&bytes)?;
            stream.flush()?;
            Ok(false)
        }
        Answer::Endless(first, more) => {
            stream.write_all(first.as_bytes())?;
            let more = more.repeat((0x10000 / more.len()).max(1));
            loop {
                stream.write_all(more.as_bytes())?;
            }
        }
        Answer::Silence => Ok(true),
        Answer::WebSocket(_) => unreachable!("it was taken out"),
    }
}

fn switch(mut stream: Box<dyn Stream>, request: &Request) -> io::Result<WebSocket> {
    let key = request.header("sec-websocket-key").expect("a key");
    let accept = derive_accept_key(key.as_bytes());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    stream.flush()?;
    Ok(tungstenite::WebSocket::from_raw_socket(stream, Role::Server, None))
}
