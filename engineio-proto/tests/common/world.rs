//! A server's session, a client, and a hostile link between them.
//!
//! Everything follows from the seed and from what a test does. The world checks by
//! itself what must hold at any time; see [`laws`](super::laws).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use engineio_proto::server::{Event, Input, Route, Session, Transmit, route};
use engineio_proto::{
    CloseCode, Instant, Message, Request, Revision, ServerCloseReason, ServerConfig, Sid,
};
use engineio_proto::{ConnId, Failure};

use super::client::{Client, Socket};
use super::link::{Answer, Fact, Link, Parcel};
use super::render;

pub(crate) struct World {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) now: u64,
    pub(crate) session: Option<Session>,
    pub(crate) client: Client,
    link: Link,
    /// Connections that the server can write to.
    pub(super) live: BTreeSet<ConnId>,
    /// How many answers each request got, of those whose connection lasted.
    pub(super) answers: BTreeMap<ConnId, usize>,
    /// What lies unread because the session doesn't want it yet.
    unread: BTreeMap<ConnId, VecDeque<Fact>>,
    /// The client reads nothing more from its connections.
    pub(crate) is_stalled: bool,
    /// The application takes its events.
    pub(crate) is_reading: bool,
    /// Something was cut, duplicated or closed: messages may be lost.
    pub(crate) is_lossy: bool,
    pub(crate) sent: Vec<Message>,
    pub(crate) client_sent: Vec<Message>,
    pub(crate) received: Vec<Message>,
    pub(crate) closed: Option<ServerCloseReason>,
    /// How many messages were compared, to the client and to the server.
    pub(super) verified: [usize; 2],
    /// The length of the longest message of the server.
    pub(super) largest: usize,
    log: Vec<String>,
}

impl World {
    pub(crate) fn new(
        config: ServerConfig,
        revision: Revision,
        framed: bool,
        seed: u64,
        latency: u64,
    ) -> Self {
        let mut link = Link::new(seed, latency);
        let client = Client::connect(revision, framed, 0, &mut link);
        Self {
            config: Arc::new(config),
            now: 0,
            session: None,
            client,
            link,
            live: BTreeSet::new(),
            answers: BTreeMap::new(),
            unread: BTreeMap::new(),
            is_stalled: false,
            is_reading: true,
            is_lossy: false,
            sent: Vec::new(),
            client_sent: Vec::new(),
            received: Vec::new(),
            closed: None,
            verified: [0; 2],
            largest: 0,
            log: Vec::new(),
        }
    }
}

/// What a test does to it.
impl World {
    /// The server's application sends, unless it has to wait.
    pub(crate) fn send(&mut self, message: Message) {
        let Some(session) = &mut self.session else { return };
        let is_writable = session.is_writable();
        let sent = session.send(message.clone());
        assert_eq!(is_writable, sent.is_ok(), "is_writable tells what send does");
        if is_writable {
            self.note(format!("server sends {}", brief(&message)));
            self.largest = self.largest.max(message.len());
            self.sent.push(message);
        }
        self.turn();
    }

    pub(crate) fn client_send(&mut self, message: Message) {
        if self.client.over.is_none() {
            self.note(format!("client sends {}", brief(&message)));
            self.client_sent.push(message.clone());
            self.client.send(message);
            self.turn();
        }
    }

    pub(crate) fn upgrade(&mut self) {
        self.client.upgrade(self.now, &mut self.link);
        self.turn();
    }

    pub(crate) fn close(&mut self) {
        self.note("server closes".to_owned());
        if let Some(session) = &mut self.session {
            session.close(Instant::from_millis(self.now));
        }
        self.turn();
    }

    pub(crate) fn client_close(&mut self) {
        self.note("client closes".to_owned());
        self.is_lossy = true;
        self.client.close();
        self.turn();
    }

    /// The client closes its WebSocket without a word.
    pub(crate) fn client_hangup(&mut self) {
        if let Socket::Taken(conn) | Socket::Probing(conn) = self.client.socket {
            self.note(format!("client hangs up {conn:?}"));
            self.is_lossy = true;
            self.client.hang_up(conn, self.now, &mut self.link);
            self.turn();
        }
    }

    /// Cuts one of the client's connections.
    pub(crate) fn cut(&mut self, which: usize) {
        let socket = match self.client.socket {
            Socket::None => None,
            Socket::Asked(conn)
            | Socket::Probing(conn)
            | Socket::Pausing(conn)
            | Socket::Taken(conn) => Some(conn),
        };
        let conns: Vec<_> =
            [self.client.get, self.client.post, socket].into_iter().flatten().collect();
        let Some(&conn) = conns.get(which % conns.len().max(1)) else { return };
        self.note(format!("{conn:?} is cut"));
        self.is_lossy = true;
        if self.link.cut(self.now, conn) && self.client.get == Some(conn) {
            self.client.stop("an answer was lost");
        }
    }

    /// Cuts the WebSocket unless everything already goes over it.
    pub(crate) fn cut_probe(&mut self) {
        if let Socket::Asked(conn) | Socket::Probing(conn) | Socket::Pausing(conn) =
            self.client.socket
        {
            self.note(format!("{conn:?} is cut"));
            self.link.cut(self.now, conn);
        }
    }

    /// Something between the two sends the client's GET once more.
    pub(crate) fn duplicate_get(&mut self) {
        if self.client.get.is_some() && self.client.is_open() {
            self.is_lossy = true;
            self.client.request("GET", "polling", false, self.now, &mut self.link);
        }
    }

    /// Neither side runs for so long; timers are late.
    pub(crate) fn sleep(&mut self, millis: u64) {
        self.now += millis;
    }

    pub(crate) fn run_for(&mut self, millis: u64) {
        self.run_until(self.now + millis);
    }

    /// Jumps from one thing that happens to the next.
    pub(crate) fn run_until(&mut self, until: u64) {
        self.turn();
        loop {
            let parcel = self.link.next_at();
            let timer = self.session.as_ref().and_then(due);
            let client = self.client.due();
            let Some(at) = [parcel, timer, client].into_iter().flatten().min() else { break };
            if at > until.max(self.now) {
                break;
            }
            self.now = self.now.max(at);
            if parcel == Some(at) {
                match self.link.next() {
                    Some(Parcel::ToServer(conn, fact)) => self.arrive(conn, fact),
                    Some(Parcel::ToClient(conn, answer)) => {
                        self.client.hear(conn, answer, self.now, &mut self.link);
                    }
                    None => {}
                }
            } else if timer == Some(at) {
                self.expire();
            }
            self.turn();
        }
        self.now = self.now.max(until);
    }
}

/// What the server's driver does.
impl World {
    fn arrive(&mut self, conn: ConnId, fact: Fact) {
        self.note(format!("{conn:?} brings {}", brief(&fact)));
        match fact {
            Fact::Request { method, target, upgrade, octets } => {
                let content_type = octets.then_some("application/octet-stream");
                let request = Request {
                    method,
                    target: &target,
                    upgrade,
                    content_type,
                    ..Request::default()
                };
                let config = Arc::clone(&self.config);
                self.live.insert(conn);
                self.answers.insert(conn, 0);
                let now = Instant::from_millis(self.now);
                match (route(&config, &request), &mut self.session) {
                    (Route::Open(opening), None) => {
                        let sid = Sid::from_text("S").expect("legal");
                        self.session = Some(Session::open(&config, opening, sid, conn, now));
                    }
                    (Route::Session { exchange, .. }, Some(session)) => {
                        session.handle_input(now, Input::Request(conn, exchange));
                    }
                    (route, _) => panic!("the client asks for {route:?}"),
                }
            }
            Fact::Body(body) => self.input(Input::Body(conn, body)),
            Fact::Frame(_) | Fact::Closed => self.unread.entry(conn).or_default().push_back(fact),
            Fact::Cut => {
                self.live.remove(&conn);
                self.answers.remove(&conn);
                self.unread.remove(&conn);
                self.input(Input::Failed(conn, Failure::Gone));
            }
        }
    }

    fn input(&mut self, input: Input) {
        if let Some(session) = &mut self.session {
            session.handle_input(Instant::from_millis(self.now), input);
        }
    }

    fn expire(&mut self) {
        let Some(session) = &mut self.session else { return };
        let now = Instant::from_millis(self.now);
        let before = session.poll_timeout();
        session.handle_timeout(now);
        assert!(session.poll_timeout().is_none_or(|at| at > now), "busy loop at {before:?}");
        let settled = format!("{session:?}");
        session.handle_timeout(now);
        session.handle_timeout(Instant::ZERO);
        assert_eq!(format!("{session:?}"), settled, "a repeated call changes something");
        self.note("a timer of the server".to_owned());
    }

    /// Everybody does what can be done without time passing.
    fn turn(&mut self) {
        while self.read() | self.take_events() | self.write() {}
        self.check();
        self.client.turn(self.now, &mut self.link);
    }

    fn read(&mut self) -> bool {
        let Some(session) = &mut self.session else { return false };
        let ready = self.unread.iter_mut().find(|(conn, _)| session.wants_input(**conn));
        let Some((&conn, facts)) = ready else { return false };
        let fact = facts.pop_front();
        if facts.is_empty() {
            self.unread.remove(&conn);
        }
        match fact {
            Some(Fact::Frame(frame)) => self.input(Input::Frame(conn, frame)),
            Some(Fact::Closed) => {
                self.input(Input::Failed(conn, Failure::Closed(CloseCode::NORMAL)));
            }
            other => panic!("not for an upgraded connection: {other:?}"),
        }
        true
    }

    fn take_events(&mut self) -> bool {
        let Some(session) = self.session.as_mut().filter(|_| self.is_reading) else { return false };
        let mut bytes = 0;
        let mut count = 0;
        while session.has_event() {
            let event = session.poll_event().expect("has_event says so");
            assert_eq!(self.closed, None, "{event:?} after the end");
            count += 1;
            match event {
                Event::Message(message) => {
                    bytes += message.len();
                    self.received.push(message);
                }
                Event::Closed(reason) => self.closed = Some(reason),
                Event::Upgraded(_) => {}
                other => panic!("an unknown event: {other:?}"),
            }
        }
        let most = self.config.inbox_limit() + self.config.max_payload();
        assert!(bytes <= most, "{bytes} bytes of messages waited for the application");
        assert!(session.poll_event().is_none(), "has_event missed one");
        count > 0
    }

    fn write(&mut self) -> bool {
        let Some(session) = self.session.as_mut().filter(|_| !self.is_stalled) else {
            return false;
        };
        let mut has_written = false;
        for conn in self.live.clone() {
            loop {
                let has = session.has_transmit(conn);
                let transmit = session.poll_transmit(conn).map(Transmit::plain);
                assert_eq!(has, transmit.is_some(), "has_transmit of {conn:?}");
                let Some(transmit) = transmit else { break };
                assert!(self.live.contains(&conn), "{transmit:?} after the last word");
                has_written = true;
                let text = render::transmit(self.client.revision, &transmit);
                self.log.push(format!("{:>8} ms  {conn:?} gets {}", self.now, brief(&text)));
                if matches!(transmit, Transmit::Respond(_) | Transmit::Upgrade(_)) {
                    *self.answers.entry(conn).or_default() += 1;
                }
                if matches!(transmit, Transmit::Respond(_) | Transmit::Hangup(_)) {
                    self.live.remove(&conn);
                }
                let is_lost = self.link.is_cut(conn) || !self.client.knows(conn);
                if is_lost && matches!(transmit, Transmit::Respond(_)) {
                    self.client.stop("an answer was lost");
                }
                self.link.send(self.now, Parcel::ToClient(conn, Answer::Transmit(transmit)));
            }
        }
        has_written
    }
}

impl World {
    fn note(&mut self, what: String) {
        self.log.push(format!("{:>8} ms  {what}", self.now));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log.join("\n"));
        }
    }
}

fn due(session: &Session) -> Option<u64> {
    let due = session.poll_timeout()?.since_zero().as_millis();
    Some(u64::try_from(due).expect("a time of a test"))
}

fn brief(what: &impl core::fmt::Debug) -> String {
    let text = format!("{what:?}");
    let end = (0..=100.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or(0)].to_owned()
}
