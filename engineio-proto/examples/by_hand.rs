//! One session driven by hand: no socket, no clock, no thread. Every fact about the
//! network is made up, and everything that the machine answers is printed.
//!
//! ```text
//! cargo run -p engineio-proto --example by_hand
//! ```

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use engineio_proto::ConnId;
use engineio_proto::server::{Event, Input, Kind, Opening, Route, Session, Transmit, route};
use engineio_proto::{Frame, Instant, Request, Response, ServerConfig, Sid};

fn main() {
    print!("{}", transcript());
}

/// The life of a session: handshake, messages, upgrade, heartbeat, close.
pub(crate) fn transcript() -> String {
    let mut script = Script::new();

    script.part("A handshake, then a poll that waits.");
    script.request("GET", "/engine.io/?EIO=4&transport=polling");
    script.request("GET", POLLING);

    script.part("A POST brings two packets; the application answers both at once.");
    script.wait(40);
    let post = script.request("POST", POLLING);
    script.input(post, "4hello\u{1e}4anyone there?", |conn, body| Input::Body(conn, body.into()));
    script.send("hello");
    script.send("yes");
    script.look();

    script.part("A WebSocket probes. The poll that is in its way ends with a noop.");
    script.wait(10);
    script.request("GET", POLLING);
    let socket = script.request("WebSocket", WEBSOCKET);
    script.input(socket, "2probe", frame);

    script.part("Between two transports nothing is lost: it waits, and leaves by the new one.");
    script.wait(5);
    script.send("sent while nobody polls");
    script.look();
    script.wait(5);
    script.input(socket, "5", frame);

    script.part("One ping interval after the handshake the server asks who is still there.");
    script.wait(25_000 - 60);
    script.look();
    script.wait(30);
    script.input(socket, "3", frame);

    script.part("The application closes: what is queued goes first.");
    script.wait(1_000);
    script.send("goodbye");
    script.close();
    script.out
}

const POLLING: &str = "/engine.io/?EIO=4&transport=polling&sid=by-hand";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket&sid=by-hand";

fn frame(conn: ConnId, text: &'static str) -> Input {
    Input::Frame(conn, Frame::text(text.into()))
}

/// Plays the network, the clock and the application, and notes what everyone says.
struct Script {
    config: Arc<ServerConfig>,
    session: Option<Session>,
    now: Instant,
    /// How many connections there were; also the name of the next.
    conns: u64,
    out: String,
}

impl Script {
    fn new() -> Self {
        let config = Arc::new(ServerConfig::default());
        Self { config, session: None, now: Instant::ZERO, conns: 0, out: String::new() }
    }

    /// A request comes in, on a connection of its own.
    fn request(&mut self, method: &str, target: &'static str) -> ConnId {
        let conn = ConnId(self.conns);
        self.conns += 1;
        self.note(&format!("client {}", conn.0), &format!("{method} {target}"));
        let upgrade = method == "WebSocket";
        let method = if upgrade { "GET" } else { method };
        let request = Request { method, target, upgrade, ..Request::default() };
        // Where a request belongs is found out without any session.
        match route(&self.config.clone(), &request) {
            Route::Open(opening) => self.open(conn, opening),
            Route::Session { exchange, .. } => {
                // A real caller looks for the session of this `sid` in its map. A POST
                // is followed by its body.
                let is_post = exchange.kind() == Kind::Post;
                let (session, now) = self.session();
                session.handle_input(now, Input::Request(conn, exchange));
                if !is_post {
                    self.look();
                }
            }
            Route::Refuse(refusal) => self.respond(conn, &refusal.response()),
            Route::Answer(response) => self.respond(conn, &response),
            Route::Foreign => self.note("driver", "not for this server"),
        }
        conn
    }

    /// Here an application could say no. A real identifier is made of 16 random bytes.
    fn open(&mut self, conn: ConnId, opening: Opening) {
        let sid = Sid::from_text("by-hand").expect("it is made of legal characters");
        self.session = Some(Session::open(&self.config, opening, sid, conn, self.now));
        self.look();
    }

    /// A body or a frame arrives.
    fn input(
        &mut self,
        conn: ConnId,
        text: &'static str,
        input: impl FnOnce(ConnId, &'static str) -> Input,
    ) {
        self.note(&format!("client {}", conn.0), text);
        let (session, now) = self.session();
        session.handle_input(now, input(conn, text));
        self.look();
    }

    /// Time passes.
    fn wait(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
        let (session, now) = self.session();
        session.handle_timeout(now);
    }

    /// The application speaks.
    fn send(&mut self, text: &'static str) {
        self.note("app", &format!("send {text}"));
        let (session, _) = self.session();
        let refused = session.send(text).err();
        assert_eq!(refused, None, "there is room, and the session is open");
    }

    fn close(&mut self) {
        self.note("app", "close");
        let (session, now) = self.session();
        session.close(now);
        self.look();
    }

    /// Asks every sink what there is: this is what a driver does after each call.
    fn look(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        for conn in (0..self.conns).map(ConnId) {
            while let Some(transmit) = session.poll_transmit(conn) {
                let who = format!("server {}", conn.0);
                match transmit {
                    Transmit::Respond(response) => self.respond(conn, &response),
                    Transmit::Refuse(refusal) => self.respond(conn, &refusal.response()),
                    Transmit::Upgrade(_) => self.note(&who, "101"),
                    Transmit::Frame(frame) => self.note(&who, &text(&frame.parts().concat())),
                    Transmit::Hangup(code) => self.note(&who, &format!("close frame {}", code.0)),
                }
            }
        }
        while let Some(event) = session.poll_event() {
            match event {
                Event::Message(message) => {
                    self.note("app", &format!("got {}", text(message.as_bytes())))
                }
                Event::Upgraded(transport) => self.note("app", &format!("now on {transport}")),
                Event::Closed(reason) => self.note("app", &format!("over: {reason}")),
                _ => {}
            }
        }
        self.session = Some(session);
    }

    fn session(&mut self) -> (&mut Session, Instant) {
        (self.session.as_mut().expect("the script begins with a handshake"), self.now)
    }

    fn respond(&mut self, conn: ConnId, response: &Response) {
        let Response { status, body, .. } = response;
        self.note(&format!("server {}", conn.0), &format!("{status} {}", text(body)));
    }

    fn part(&mut self, title: &str) {
        let gap = if self.out.is_empty() { "" } else { "\n" };
        self.out += &format!("{gap}{title}\n");
    }

    fn note(&mut self, who: &str, what: &str) {
        let millis = self.now.since_zero().as_millis();
        let what = what.replace('\u{1e}', "[1e]");
        let written = writeln!(self.out, "{millis:>6} ms  {who:<9} {what}");
        written.expect("a String takes every text");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
