//! The client's end of a [`Pair`](super::pair::Pair): its session, its driver, and its
//! application.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use engineio_proto::ClientCloseReason;
use engineio_proto::ConnId;
use engineio_proto::Failure;
use engineio_proto::client::{self, Connect, Event, Input, Transmit};
use engineio_proto::server::Transmit as Answered;
use engineio_proto::{CloseCode, Frame, Instant, Message, SendError, Transport};

use super::client::on_the_wire;
use super::client_render as render;
use super::link::{Answer, Fact, Parcel};
use super::pair::Pair;

/// A client's session with its driver and its application.
pub(crate) struct Client {
    pub(crate) session: client::Session,
    /// What it has started and not lost or given up since.
    pub(super) conns: BTreeMap<ConnId, Kind>,
    /// What lies unread because the session doesn't want it yet.
    unread: BTreeMap<ConnId, VecDeque<Arrived>>,
    /// The probe was answered: the session goes over to the WebSocket when it can.
    is_probed: bool,
    /// Its WebSocket takes nothing more.
    pub(crate) is_stalled: bool,
    /// The application takes its events.
    pub(crate) is_reading: bool,
    pub(crate) sent: Vec<Message>,
    pub(crate) received: Vec<Message>,
    pub(crate) has_upgraded: bool,
    pub(crate) closed: Option<ClientCloseReason>,
    /// How many messages were compared.
    pub(super) verified: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Get,
    Post,
    /// A WebSocket without its 101.
    Asked,
    Upgraded,
}

enum Arrived {
    Frame(Frame),
    Closed(CloseCode),
}

impl Client {
    pub(super) fn new(config: engineio_proto::ClientConfig, seed: u64) -> Self {
        Self {
            session: client::Session::connect(&Arc::new(config), Instant::ZERO, seed),
            conns: BTreeMap::new(),
            unread: BTreeMap::new(),
            is_probed: false,
            is_stalled: false,
            is_reading: true,
            sent: Vec::new(),
            received: Vec::new(),
            has_upgraded: false,
            closed: None,
            verified: 0,
        }
    }
}

/// What a test does to it.
impl Pair {
    pub(crate) fn client_send(&mut self, message: Message) {
        let session = &mut self.client.session;
        let is_writable = session.is_writable();
        match session.send(message.clone()) {
            Err(SendError::TooLarge(..)) => return,
            sent => assert_eq!(is_writable, sent.is_ok(), "is_writable tells what send does"),
        }
        if is_writable {
            self.note(|| format!("client sends {message:?}"));
            self.client.sent.push(message);
        }
        self.turn();
    }

    pub(crate) fn client_close(&mut self) {
        self.note(|| "client closes".to_owned());
        self.is_lossy = true;
        self.client.session.close(Instant::from_millis(self.now));
        self.turn();
    }

    pub(crate) fn client_abort(&mut self) {
        self.note(|| "client aborts".to_owned());
        self.is_lossy = true;
        self.client.session.abort(Instant::from_millis(self.now));
        self.turn();
    }

    /// Cuts one of the client's connections.
    pub(crate) fn cut(&mut self, which: usize) {
        let count = self.client.conns.len().max(1);
        if let Some(conn) = self.client.conns.keys().nth(which % count).copied() {
            self.note(|| format!("{conn:?} is cut"));
            self.is_lossy = true;
            self.link.cut(self.now, conn);
        }
    }

    /// From now on, one of the client's connections loses everything.
    pub(crate) fn kill(&mut self, which: usize) {
        let count = self.client.conns.len().max(1);
        if let Some(conn) = self.client.conns.keys().nth(which % count).copied() {
            self.note(|| format!("{conn:?} goes dead"));
            self.is_lossy = true;
            self.link.kill(conn);
        }
    }

    /// Cuts the WebSocket while the session can do without.
    pub(crate) fn cut_probe(&mut self) {
        let is_socket = |kind: &Kind| matches!(kind, Kind::Asked | Kind::Upgraded);
        let socket = self.client.conns.iter().find(|(_, kind)| is_socket(kind));
        let socket = socket.map(|(conn, _)| *conn);
        if self.client.session.transport() == Some(Transport::Polling)
            && !self.client.is_probed
            && let Some(conn) = socket
        {
            self.note(|| format!("{conn:?} is cut"));
            self.link.cut(self.now, conn);
        }
    }
}

/// What its driver does.
impl Pair {
    pub(super) fn client_turn(&mut self) -> bool {
        self.connect() | self.write() | self.read() | self.take_events()
    }

    fn connect(&mut self) -> bool {
        let has = self.client.session.has_connect();
        let start = self.client.session.poll_connect();
        assert_eq!(has, start.is_some(), "has_connect");
        let Some((conn, connect)) = start else { return false };
        let revision = self.client.session.revision();
        self.note(|| format!("{conn:?} {connect:?} {}", render::body(revision, &connect)));
        let (kind, method, target, body, octets) = match connect {
            Connect::Get { target } => (Kind::Get, "GET", target, None, false),
            Connect::WebSocket { target } => (Kind::Asked, "GET", target, None, false),
            Connect::Post { target, body, content_type } => {
                self.check_post(&body);
                let octets = content_type == "application/octet-stream";
                (Kind::Post, "POST", target, Some(body), octets)
            }
        };
        let (target, upgrade) = (target.to_string(), kind == Kind::Asked);
        self.client.conns.insert(conn, kind);
        let request = Fact::Request { method, target, upgrade, octets };
        self.link.send(self.now, Parcel::ToServer(conn, request));
        if let Some(body) = body {
            self.link.send(self.now, Parcel::ToServer(conn, Fact::Body(body)));
        }
        true
    }

    fn write(&mut self) -> bool {
        let mut has_written = false;
        for (conn, kind) in self.client.conns.clone() {
            loop {
                let session = &mut self.client.session;
                if self.client.is_stalled && !session.is_hung_up(conn) {
                    break;
                }
                let has = session.has_transmit(conn);
                let transmit = session.poll_transmit(conn);
                assert_eq!(has, transmit.is_some(), "has_transmit of {conn:?}");
                let Some(transmit) = transmit else { break };
                has_written = true;
                self.note(|| format!("{conn:?} sends {}", render::transmit(&transmit)));
                match transmit {
                    Transmit::Frame(frame) => {
                        assert_eq!(kind, Kind::Upgraded, "a frame before the 101");
                        let fact = Fact::Frame(on_the_wire(&frame));
                        self.link.send(self.now, Parcel::ToServer(conn, fact));
                    }
                    Transmit::Hangup(_) => {
                        self.client.conns.remove(&conn);
                        self.client.unread.remove(&conn);
                        if kind == Kind::Upgraded {
                            self.link.send(self.now, Parcel::ToServer(conn, Fact::Closed));
                        } else {
                            self.link.cut(self.now, conn);
                        }
                        break;
                    }
                }
            }
        }
        has_written
    }

    /// Something came on one of the client's connections.
    pub(super) fn hear(&mut self, conn: ConnId, answer: Answer) {
        if !self.client.conns.contains_key(&conn) {
            return;
        }
        let mut arrived = |what| self.client.unread.entry(conn).or_default().push_back(what);
        match answer {
            Answer::Transmit(Answered::Frame(frame)) => {
                arrived(Arrived::Frame(on_the_wire(&frame)));
                self.client.is_probed = true;
            }
            Answer::Transmit(Answered::Hangup(code)) => arrived(Arrived::Closed(code)),
            Answer::Transmit(Answered::Refuse(refusal)) => {
                self.hear(conn, Answer::Transmit(Answered::Respond(refusal.response())));
            }
            Answer::Transmit(Answered::Respond(response)) => {
                self.client.conns.remove(&conn);
                self.input(Input::Responded(conn, response));
            }
            Answer::Transmit(Answered::Upgrade(_)) => {
                self.client.conns.insert(conn, Kind::Upgraded);
                self.input(Input::Upgraded(conn));
            }
            Answer::Cut => {
                self.client.conns.remove(&conn);
                self.client.unread.remove(&conn);
                self.input(Input::Failed(conn, Failure::Gone));
            }
        }
    }

    fn read(&mut self) -> bool {
        let session = &self.client.session;
        let ready = self.client.unread.iter_mut().find(|(conn, _)| session.wants_input(**conn));
        let Some((&conn, unread)) = ready else { return false };
        match unread.pop_front() {
            Some(Arrived::Frame(frame)) => self.input(Input::Frame(conn, frame)),
            Some(Arrived::Closed(code)) => {
                self.input(Input::Failed(conn, Failure::Closed(code)));
            }
            None => drop(self.client.unread.remove(&conn)),
        }
        true
    }

    fn input(&mut self, input: Input) {
        self.note(|| format!("client hears {input:?}"));
        self.client.session.handle_input(Instant::from_millis(self.now), input);
    }

    fn take_events(&mut self) -> bool {
        let client = &mut self.client;
        let mut count = 0;
        if client.is_reading {
            // As the hub does: a session that didn't read has to know until when.
            client.session.handle_timeout(Instant::from_millis(self.now));
        }
        while client.is_reading && client.session.has_event() {
            let event = client.session.poll_event().expect("has_event says so");
            assert_eq!(client.closed, None, "{event:?} after the end");
            count += 1;
            match event {
                Event::Opened(handshake) => {
                    assert_eq!(Some(&handshake.sid), client.session.sid());
                    assert!(client.received.is_empty(), "messages before the session");
                }
                Event::Message(message) => client.received.push(message),
                Event::Upgraded(_) => client.has_upgraded = true,
                Event::Closed(reason) => client.closed = Some(reason),
                other => panic!("an unknown event: {other:?}"),
            }
        }
        count > 0
    }
}
