//! An echo server made of the state machine and `std`, to show what a driver does.
//!
//! It serves real clients, over polling alone. Its HTTP takes what well-behaved clients
//! send and no more: no keep-alive, no chunked bodies, no compression. A real server
//! uses an HTTP library, and `engineio-hub` for the sessions.
//!
//! ```text
//! cargo run -p engineio-proto --example std_server
//! curl 'http://127.0.0.1:3000/engine.io/?EIO=4&transport=polling'
//! ```

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Take, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;
use std::{env, fs, thread};

use engineio_proto::server::{Event, Exchange, Input, Kind, Route, Session, Transmit, route};
use engineio_proto::{ConnId, Failure};
use engineio_proto::{Headers, Instant, Request, Response, ServerConfig, Sid, Transports};

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".into());
    let listener = TcpListener::bind(&address).map_err(|error| {
        io::Error::other(format!("{address}: {error}; an argument names another address"))
    })?;
    println!("listening on http://{}", listener.local_addr()?);
    serve(&listener)
}

struct Server {
    config: Arc<ServerConfig>,
    sessions: Mutex<HashMap<Sid, Arc<Shared>>>,
    /// How many requests there were. Each is a connection to the machine.
    conns: AtomicU64,
    start: std::time::Instant,
}

/// A session, and a bell for the threads that wait for it.
struct Shared {
    session: Mutex<Session>,
    changed: Condvar,
}

/// Serves each connection in a thread of its own.
pub(crate) fn serve(listener: &TcpListener) -> io::Result<()> {
    // The handshake then names no upgrade, and a WebSocket is refused.
    let config = ServerConfig::builder().transports(Transports::POLLING).build();
    let server = Arc::new(Server {
        config: Arc::new(config.map_err(io::Error::other)?),
        sessions: Mutex::default(),
        conns: AtomicU64::new(0),
        start: now(),
    });
    let clock = Arc::clone(&server);
    thread::spawn(move || clock.run_clock());
    for stream in listener.incoming() {
        let (stream, server) = (stream?, Arc::clone(&server));
        // An error says that the client is gone; its session knows by then.
        thread::spawn(move || server.serve_one(&stream));
    }
    Ok(())
}

impl Server {
    /// One request, from its first line to its answer.
    fn serve_one(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(self.config.body_timeout()))?;
        let mut reader = BufReader::new(stream);
        let Some(head) = Head::read(&mut reader)? else { return Ok(()) };
        let mut body = reader.take(head.length);
        let conn = ConnId(self.conns.fetch_add(1, Relaxed));
        let response = match route(&self.config, &head.request()) {
            Route::Foreign => not_found(),
            Route::Answer(response) => response,
            Route::Refuse(refusal) => refusal.response(),
            Route::Open(opening) => {
                let sid = Sid::from_random(random()?);
                let session = Session::open(&self.config, opening, sid.clone(), conn, self.now());
                let shared = Shared { session: Mutex::new(session), changed: Condvar::new() };
                let shared = Arc::new(shared);
                lock(&self.sessions).insert(sid, Arc::clone(&shared));
                self.wait(&shared, conn, stream)?
            }
            Route::Session { sid, exchange } => {
                let shared = lock(&self.sessions).get(&*sid).map(Arc::clone);
                match shared {
                    Some(shared) => {
                        self.hand_over(&shared, conn, exchange, &mut body);
                        self.wait(&shared, conn, stream)?
                    }
                    None => exchange.unknown_session().response(),
                }
            }
        };
        stream.set_nonblocking(false)?;
        // To close with bytes unread would cost the client its answer.
        io::copy(&mut body.take(1 << 20), &mut io::sink())?;
        write(stream, &response)
    }

    /// Tells the session of a request, and of its body if it has one.
    fn hand_over(&self, shared: &Shared, conn: ConnId, exchange: Exchange, body: &mut Body<'_>) {
        let is_post = exchange.kind() == Kind::Post;
        self.turn(shared, |session, now| session.handle_input(now, Input::Request(conn, exchange)));
        if !is_post {
            return;
        }
        let mut bytes = Vec::new();
        let input = if body.limit() > self.config.max_payload() as u64 {
            Input::Failed(conn, Failure::TooLarge)
        } else if body.read_to_end(&mut bytes).is_ok() && body.limit() == 0 {
            Input::Body(conn, bytes.into())
        } else {
            Input::Failed(conn, Failure::Gone)
        };
        self.turn(shared, |session, now| session.handle_input(now, input));
    }

    /// Waits until the session answers this request, or its client leaves.
    fn wait(&self, shared: &Shared, conn: ConnId, stream: &TcpStream) -> io::Result<Response> {
        stream.set_nonblocking(true)?;
        loop {
            let is_early = |session: &mut Session| !session.has_transmit(conn);
            let waiting = shared.changed.wait_timeout_while(lock(&shared.session), TICK, is_early);
            let (mut session, _) = waiting.expect("no thread panics under this lock");
            if let Some(Transmit::Respond(response)) =
                session.poll_transmit(conn).map(Transmit::plain)
            {
                return Ok(response);
            }
            drop(session);
            // Nothing to read yet means that the client waits as well.
            let peeked = stream.peek(&mut [0]);
            if !peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                let gone = Input::Failed(conn, Failure::Gone);
                self.turn(shared, |session, now| session.handle_input(now, gone));
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
    }

    /// One turn at a session: something happens, the application reacts, and everyone
    /// who may have something to write now is woken.
    fn turn(&self, shared: &Shared, happen: impl FnOnce(&mut Session, Instant)) {
        let mut session = lock(&shared.session);
        happen(&mut session, self.now());
        while let Some(event) = session.poll_event() {
            match event {
                // The application, an echo. What a slow client has no room for is lost.
                Event::Message(message) => drop(session.send(message)),
                Event::Closed(reason) => println!("{:?} is over: {reason}", session.sid()),
                Event::Upgraded(_) | _ => {}
            }
        }
        let ended = session.is_closed().then(|| session.sid().clone());
        drop(session);
        if let Some(sid) = ended {
            lock(&self.sessions).remove(&sid);
        }
        shared.changed.notify_all();
    }

    /// Lets time pass for all sessions. With many of them, a queue of what
    /// `poll_timeout` gives saves most of this work.
    fn run_clock(&self) {
        loop {
            thread::sleep(TICK);
            let sessions: Vec<_> = lock(&self.sessions).values().map(Arc::clone).collect();
            sessions.iter().for_each(|shared| self.turn(shared, Session::handle_timeout));
        }
    }

    fn now(&self) -> Instant {
        Instant::from_duration(now() - self.start)
    }
}

/// How often time passes, and how soon it is noticed that a client left.
const TICK: Duration = Duration::from_millis(100);

type Body<'a> = Take<BufReader<&'a TcpStream>>;

/// The first line and the headers of a request.
struct Head {
    method: String,
    target: String,
    headers: HashMap<String, String>,
    length: u64,
}

impl Head {
    /// `None`: this is no request.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut lines = reader.take(16 << 10).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        let mut words = first.split(' ').map(String::from);
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
        let mut headers = HashMap::new();
        for line in lines {
            let line = line?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.entry(name.to_ascii_lowercase()).or_insert_with(|| value.trim().into());
        }
        let length = headers.get("content-length").map_or(Ok(0), |it: &String| it.parse());
        Ok(length.ok().map(|length| Self { method, target, headers, length }))
    }

    /// What the machine wants to know of it. Compression isn't offered: we have none.
    fn request(&self) -> Request<'_> {
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        Request {
            method: &self.method,
            target: &self.target,
            upgrade: header("upgrade").is_some_and(|it| it.eq_ignore_ascii_case("websocket")),
            origin: header("origin").map(str::as_bytes),
            host: header("host"),
            content_type: header("content-type"),
            access_control_request_headers: header("access-control-request-headers"),
            ..Request::default()
        }
    }
}

fn write(mut stream: &TcpStream, response: &Response) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} \r\nconnection: close\r\n", response.status);
    for (name, value) in response.headers.iter() {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    // The end of the connection is the end of the body.
    stream.write_all(&response.body)
}

fn not_found() -> Response {
    Response { status: 404, headers: Headers::new(), body: "not here\n".into(), coding: None }
}

/// The operating system's random bytes: `std` has none of its own to give.
fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[expect(clippy::disallowed_methods, reason = "this is the clock of this server")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics under this lock")
}
