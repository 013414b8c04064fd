//! A server session under watch: every call is checked against what callers rely on.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use engineio_proto::server::{Event, Input, Kind, Route, Session, Transmit, route};
use engineio_proto::{ConnId, Failure};
use engineio_proto::{
    ContentType, HandshakeData, Instant, Message, Outgoing, Packet, Payload, Request, Response,
    Revision, SendError, ServerConfig, Sid, Transport, decode_frame, decode_payload,
};

/// The session, and what is known about it from outside.
#[derive(Debug)]
pub struct Watched {
    config: Arc<ServerConfig>,
    session: Session,
    now: Instant,
    conns: Vec<Conn>,
    /// Messages in both directions are numbered; these are the last that arrived.
    last_out: u64,
    last_in: u64,
    /// Whether a message was replaced by a newer one of its key: it never leaves.
    has_replaced: bool,
    /// Pings of POSTs that got their `ok`, and pongs that left.
    pings: usize,
    pongs: usize,
    upgraded: bool,
    closed: bool,
}

#[derive(Debug)]
struct Conn {
    kind: Kind,
    got: Got,
    has_body: bool,
    /// How many pings its body has.
    pings: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Got {
    /// No answer yet.
    Nothing,
    Upgrade,
    /// The answer, or a hang-up.
    All,
    /// The peer is gone: nothing has to come any more.
    Gone,
}

impl Watched {
    /// A session that was just opened by connection 0.
    pub fn open(config: ServerConfig, target: &str, upgrade: bool, messages: Vec<Message>) -> Self {
        let config = Arc::new(config);
        let request = Request { method: "GET", target, upgrade, ..Request::default() };
        let Route::Open(mut opening) = route(&config, &request) else {
            panic!("not a handshake: {target}");
        };
        messages.into_iter().for_each(|message| opening.message(message));
        let kind = if upgrade { Kind::Framed(Transport::WebSocket) } else { Kind::Poll };
        let sid = Sid::from_random([7; 16]);
        let session = Session::open(&config, opening, sid, ConnId(0), Instant::ZERO);
        let conns = vec![Conn { kind, got: Got::Nothing, has_body: false, pings: 0 }];
        let watched = Self {
            config,
            session,
            now: Instant::ZERO,
            conns,
            last_out: 0,
            last_in: 0,
            has_replaced: false,
            pings: 0,
            pongs: 0,
            upgraded: false,
            closed: false,
        };
        watched.check();
        watched
    }

    pub fn revision(&self) -> Revision {
        self.session.revision()
    }

    pub fn conns(&self) -> usize {
        self.conns.len()
    }

    /// Lets the peer ask for something else. Gives the number of the new connection.
    pub fn request(&mut self, method: &str, target: &str, upgrade: bool, octets: bool) {
        let content_type = octets.then_some("application/octet-stream");
        let request = Request { method, target, upgrade, content_type, ..Request::default() };
        let Route::Session { exchange, .. } = route(&self.config, &request) else {
            return;
        };
        let conn = ConnId(self.conns.len() as u64);
        self.conns.push(Conn {
            kind: exchange.kind(),
            got: Got::Nothing,
            has_body: false,
            pings: 0,
        });
        self.input(Input::Request(conn, exchange));
    }

    pub fn body(&mut self, conn: usize, body: Bytes, pings: usize) {
        let known = &mut self.conns[conn];
        if known.kind == Kind::Post && !known.has_body {
            (known.has_body, known.pings) = (true, pings);
        }
        self.input(Input::Body(ConnId(conn as u64), body));
    }

    /// Lets a frame arrive, if the session lets anybody read it.
    pub fn frame(&mut self, conn: usize, frame: engineio_proto::Frame) {
        let conn = ConnId(conn as u64);
        if self.session.wants_input(conn) {
            self.input(Input::Frame(conn, frame));
        }
    }

    pub fn fail(&mut self, conn: usize, why: Failure) {
        let known = &mut self.conns[conn];
        let why = match why {
            // Only WebSockets have a close frame.
            Failure::Closed(_) if !matches!(known.kind, Kind::Framed(_)) => Failure::Gone,
            why => why,
        };
        if why == Failure::Gone {
            known.got = Got::Gone;
        }
        self.input(Input::Failed(ConnId(conn as u64), why));
    }

    fn input(&mut self, input: Input) {
        self.session.handle_input(self.now, input);
        self.check_time();
        self.check();
    }

    pub fn sleep(&mut self, wait: Duration) {
        self.now = self.now + wait;
        self.session.handle_timeout(self.now);
        self.check_time();
        self.check();
    }

    /// Sleeps until something is due. `false`: nothing ever will be.
    pub fn sleep_until_deadline(&mut self) -> bool {
        let Some(at) = self.session.poll_timeout() else { return false };
        self.sleep(at.saturating_since(self.now));
        true
    }

    pub fn send(&mut self, outgoing: Outgoing, is_keyed: bool, is_volatile: bool) {
        let may_send = self.session.is_writable();
        let before = self.session.accepted();
        self.has_replaced |= is_keyed;
        match self.session.send(outgoing) {
            Ok(position) => {
                assert!(may_send || is_keyed || (is_volatile && position == before));
                assert_eq!(position, self.session.accepted());
            }
            Err(SendError::Full(_)) => assert!(!may_send && !self.session.is_closing()),
            Err(SendError::Closed(_)) => assert!(self.session.is_closing()),
            Err(other) => panic!("{other}"),
        }
        self.check();
    }

    /// The number that the next message gets.
    pub fn next_out(&self) -> u64 {
        self.session.accepted() + 1
    }

    pub fn end(&mut self, how: impl FnOnce(&mut Session, Instant)) {
        how(&mut self.session, self.now);
        assert!(self.session.is_closing() && !self.session.is_writable());
        self.check();
    }

    /// Takes at most so many events.
    pub fn take_events(&mut self, most: usize) {
        let mut bytes = 0;
        for _ in 0..most {
            let has_event = self.session.has_event();
            let event = self.session.poll_event();
            assert_eq!(has_event, event.is_some());
            let Some(event) = event else { break };
            assert!(!self.closed, "after the last event: {event:?}");
            match event {
                Event::Message(message) => {
                    bytes += message.len();
                    in_order(&mut self.last_in, &message);
                }
                Event::Upgraded(_) => assert!(!core::mem::replace(&mut self.upgraded, true)),
                Event::Closed(reason) => {
                    assert_eq!(self.session.close_reason(), Some(&reason));
                    self.closed = true;
                }
                other => panic!("{other:?}"),
            }
        }
        // What is taken in when there is room may be as large as one body.
        assert!(bytes <= self.config.inbox_limit() + self.config.max_payload(), "{bytes} unread");
        self.check();
    }

    /// Pulls one thing for this connection. `false`: there is nothing.
    pub fn pull(&mut self, conn: usize) -> bool {
        let id = ConnId(conn as u64);
        let has_transmit = self.session.has_transmit(id);
        let transmit = self.session.poll_transmit(id).map(Transmit::plain);
        assert_eq!(has_transmit, transmit.is_some());
        let Some(transmit) = transmit else { return false };
        let known = &mut self.conns[conn];
        let is_framed = matches!(known.kind, Kind::Framed(_));
        known.got = match (&transmit, known.got) {
            (Transmit::Respond(_), Got::Nothing) => Got::All,
            (Transmit::Upgrade(_), Got::Nothing) if is_framed => Got::Upgrade,
            (Transmit::Frame(_), Got::Upgrade) => Got::Upgrade,
            (Transmit::Hangup(_), Got::Upgrade) => Got::All,
            (_, got) => panic!("{transmit:?} for {:?} {conn} that got {got:?}", known.kind),
        };
        let (kind, pings) = (known.kind, known.pings);
        match transmit {
            Transmit::Respond(response) if kind == Kind::Post && response.status == 200 => {
                self.pings += pings;
            }
            Transmit::Respond(response) if kind == Kind::Poll && response.status == 200 => {
                self.check_batch(conn, response);
            }
            Transmit::Frame(frame) => {
                let packet = decode_frame(self.revision(), frame).expect("a packet");
                self.check_packet(conn, &packet);
            }
            Transmit::Respond(_)
            | Transmit::Refuse(_)
            | Transmit::Upgrade(_)
            | Transmit::Hangup(_) => {}
        }
        self.check();
        true
    }

    /// Pulls all there is for all connections.
    pub fn pull_all(&mut self) {
        for conn in 0..self.conns.len() {
            while self.pull(conn) {}
        }
        if !self.session.is_closed() {
            self.check_progress();
        }
    }

    /// Leaves the session alone: it has to end, and everybody has to hear of it.
    pub fn finish(mut self) {
        self.pull_all();
        for _ in 0..20 {
            if !self.sleep_until_deadline() {
                break;
            }
        }
        assert!(self.session.is_closed(), "goes on without a peer");
        self.pull_all();
        for (number, conn) in self.conns.iter().enumerate() {
            assert!(matches!(conn.got, Got::All | Got::Gone), "{number} waits: {conn:?}");
        }
        self.take_events(usize::MAX);
        assert!(self.closed, "nobody was told");
    }

    fn check_batch(&mut self, conn: usize, response: Response) {
        let size = response.body.len();
        let content_type = match response.headers.get("content-type") {
            Some("application/octet-stream") => ContentType::Binary,
            Some(_) | None => ContentType::Text,
        };
        let payload = Payload { body: response.body, content_type };
        let packets = decode_payload(self.revision(), payload, usize::MAX).expect("a payload");
        // The last words of a session are `0` and `1`, whatever the limits.
        let (most, longest) = (self.config.max_batch_packets(), self.config.max_payload());
        assert!(packets.len() <= most.max(2), "{} packets", packets.len());
        assert!(size <= longest || packets.len() <= 2, "{size} bytes");
        for packet in &packets {
            self.check_packet(conn, packet);
        }
        let end = packets.iter().position(|packet| *packet == Packet::Close);
        assert!(end.is_none_or(|end| end + 1 == packets.len()), "more after the end");
    }

    fn check_packet(&mut self, conn: usize, packet: &Packet) {
        match packet {
            Packet::Open(json) => {
                assert_eq!(conn, 0);
                let handshake = HandshakeData::from_json(json).expect("a handshake");
                assert_eq!(handshake.sid, *self.session.sid());
            }
            Packet::Message(message) => {
                in_order(&mut self.last_out, message);
                assert!(self.last_out <= self.session.handed_over());
            }
            Packet::Ping(_) => assert!(self.revision().server_pings()),
            Packet::Pong(data) if *data == *"probe" => {}
            Packet::Pong(_) => {
                assert!(!self.revision().server_pings());
                self.pongs += 1;
            }
            Packet::Close | Packet::Noop => {}
            Packet::Upgrade => panic!("a server upgrades"),
        }
    }

    /// What holds between any two calls.
    fn check(&self) {
        let session = &self.session;
        assert_eq!(session.is_closed(), session.poll_timeout().is_none(), "a deadline");
        assert_eq!(session.is_closed(), session.close_reason().is_some());
        assert_eq!(session.is_closed(), session.transport().is_none());
        assert!(session.handed_over() <= session.accepted());
        let most = self.config.outbox_high_water() + LARGEST_SEND;
        assert!(session.queued_bytes() <= most, "{} bytes", session.queued_bytes());
    }

    /// Whatever was due by now was done.
    fn check_time(&self) {
        assert!(self.session.poll_timeout().is_none_or(|at| at > self.now), "the deadline stands");
    }

    /// When all was pulled, nothing may be left but for a reason that time will end.
    fn check_progress(&self) {
        let session = &self.session;
        let is_framed = session.transport() == Some(Transport::WebSocket);
        let waits = |kind| {
            let mut conns = self.conns.iter();
            conns.any(|conn| conn.kind == kind && conn.got == Got::Nothing)
        };
        let has_reader = is_framed || waits(Kind::Poll);
        assert!(!has_reader || self.pongs >= self.pings, "a pong is lost");
        if session.handed_over() < session.accepted() && has_reader {
            let soon = self.now + HOLD;
            assert!(!is_framed && session.poll_timeout().is_some_and(|at| at <= soon), "stuck");
        }
        if !self.has_replaced && !session.is_closing() {
            assert_eq!(session.handed_over(), self.last_out, "a message is lost");
        }
        let mut posts = self.conns.iter().filter(|conn| conn.kind == Kind::Post && conn.has_body);
        if !session.has_event() {
            assert!(posts.all(|post| post.got != Got::Nothing), "a POST waits for nothing");
        }
    }
}

/// A message that knows its place.
pub fn numbered(number: u64, padding: usize) -> String {
    format!("#{number}#{}", ".".repeat(padding))
}

/// Whether a message's number is above the last one's. One that lost its number says nothing.
pub fn in_order(last: &mut u64, message: &Message) {
    let text = String::from_utf8_lossy(message.as_bytes());
    let number = text.strip_prefix('#').and_then(|text| text.split('#').next()?.parse().ok());
    if let Some(number) = number {
        assert!(number > *last, "{number} after {last}");
        *last = number;
    }
}

/// How long messages may wait for others to join them.
const HOLD: Duration = Duration::from_millis(5);

/// More than all that is taken by one `send`, and by those with a key, beyond the mark.
pub const LARGEST_SEND: usize = 10_000;
