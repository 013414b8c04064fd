//! The server's end of a [`Pair`](super::pair::Pair): its sessions, their driver, and
//! their application.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use engineio_proto::server::{Event, Input, Refusal, Route, Session, Transmit, route};
use engineio_proto::{CloseCode, Instant, Message, Request, ServerCloseReason, ServerConfig, Sid};
use engineio_proto::{ConnId, Failure};

use super::link::{Answer, Fact, Parcel};
use super::pair::{Pair, millis};
use super::render;

pub(crate) struct Server {
    pub(super) config: Arc<ServerConfig>,
    /// One for each handshake that arrived: a client may try again.
    pub(crate) ends: Vec<End>,
    /// To which of them a connection belongs.
    owners: BTreeMap<ConnId, usize>,
    /// Connections that can be written to.
    pub(super) live: BTreeSet<ConnId>,
    /// How many answers each request got, of those whose connection lasted.
    pub(super) answers: BTreeMap<ConnId, usize>,
    unread: BTreeMap<ConnId, VecDeque<Fact>>,
    /// Nothing more is written.
    pub(crate) is_stalled: bool,
    /// The application takes its events.
    pub(crate) is_reading: bool,
}

/// One session of the server.
pub(crate) struct End {
    pub(crate) sid: Sid,
    pub(crate) session: Session,
    pub(crate) sent: Vec<Message>,
    pub(crate) received: Vec<Message>,
    pub(crate) closed: Option<ServerCloseReason>,
    /// How many messages were compared.
    pub(super) verified: usize,
}

impl Server {
    pub(super) fn new(config: ServerConfig) -> Self {
        Self {
            config: Arc::new(config),
            ends: Vec::new(),
            owners: BTreeMap::new(),
            live: BTreeSet::new(),
            answers: BTreeMap::new(),
            unread: BTreeMap::new(),
            is_stalled: false,
            is_reading: true,
        }
    }

    /// When a session has something to do by itself.
    pub(super) fn due(&self) -> Option<u64> {
        self.ends.iter().filter_map(|end| end.session.poll_timeout()).min().map(millis)
    }
}

/// What a test does to it.
impl Pair {
    /// The newest session of the server.
    pub(crate) fn end(&self) -> &End {
        self.server.ends.last().expect("a handshake has arrived")
    }

    /// The server's application sends, unless it has to wait.
    pub(crate) fn server_send(&mut self, message: Message) {
        let Some(end) = self.server.ends.last_mut() else { return };
        let is_writable = end.session.is_writable();
        let sent = end.session.send(message.clone());
        assert_eq!(is_writable, sent.is_ok(), "is_writable tells what send does");
        if is_writable {
            end.sent.push(message.clone());
            self.note(|| format!("server sends {message:?}"));
        }
        self.turn();
    }

    pub(crate) fn server_close(&mut self) {
        self.note(|| "server closes".to_owned());
        self.is_lossy = true;
        let now = Instant::from_millis(self.now);
        self.server.ends.iter_mut().for_each(|end| end.session.close(now));
        self.turn();
    }
}

/// What its driver does.
impl Pair {
    pub(super) fn arrive(&mut self, conn: ConnId, fact: Fact) {
        self.note(|| format!("server hears on {conn:?} {fact:?}"));
        match fact {
            Fact::Request { method, ref target, upgrade, octets } => {
                let content_type = octets.then_some("application/octet-stream");
                let request = Request { method, target, upgrade, content_type, ..<_>::default() };
                self.request(conn, &request);
            }
            Fact::Body(body) => self.server_input(conn, Input::Body(conn, body)),
            Fact::Frame(_) | Fact::Closed => {
                self.server.unread.entry(conn).or_default().push_back(fact);
            }
            Fact::Cut => {
                self.server.live.remove(&conn);
                self.server.answers.remove(&conn);
                self.server.unread.remove(&conn);
                self.server_input(conn, Input::Failed(conn, Failure::Gone));
            }
        }
    }

    fn request(&mut self, conn: ConnId, request: &Request<'_>) {
        let server = &mut self.server;
        let config = Arc::clone(&server.config);
        server.live.insert(conn);
        server.answers.insert(conn, 0);
        match route(&config, request) {
            Route::Open(opening) => {
                let sid = Sid::from_text(format!("S{}", server.ends.len())).expect("legal");
                let now = Instant::from_millis(self.now);
                let session = Session::open(&config, opening, sid.clone(), conn, now);
                server.owners.insert(conn, server.ends.len());
                server.ends.push(End {
                    sid,
                    session,
                    sent: Vec::new(),
                    received: Vec::new(),
                    closed: None,
                    verified: 0,
                });
            }
            Route::Session { sid, exchange } => {
                match server.ends.iter().position(|end| end.sid.as_str() == sid) {
                    Some(owner) => {
                        server.owners.insert(conn, owner);
                        self.server_input(conn, Input::Request(conn, exchange));
                    }
                    None => {
                        assert!(self.is_hostile, "a session of ours");
                        self.refuse(conn, exchange.unknown_session());
                    }
                }
            }
            Route::Refuse(refusal) => self.refuse(conn, refusal),
            other => panic!("the client asks for {other:?}"),
        }
    }

    fn refuse(&mut self, conn: ConnId, refusal: Refusal) {
        let answer = Answer::Transmit(Transmit::Respond(refusal.response()));
        self.server.live.remove(&conn);
        self.server.answers.insert(conn, 1);
        self.link.send(self.now, Parcel::ToClient(conn, answer));
    }

    fn server_input(&mut self, conn: ConnId, input: Input) {
        if let Some(&owner) = self.server.owners.get(&conn) {
            let now = Instant::from_millis(self.now);
            self.server.ends[owner].session.handle_input(now, input);
        }
    }

    pub(super) fn expire(&mut self) {
        self.note(|| "a timer of the server".to_owned());
        let now = Instant::from_millis(self.now);
        for end in &mut self.server.ends {
            end.session.handle_timeout(now);
            assert!(end.session.poll_timeout().is_none_or(|at| at > now), "busy loop");
        }
    }

    pub(super) fn server_turn(&mut self) -> bool {
        self.server_read() | self.server_events() | self.server_write()
    }

    fn server_read(&mut self) -> bool {
        let Server { unread, ends, owners, .. } = &mut self.server;
        let ready = unread.iter_mut().find(|(conn, _)| {
            let owner = owners.get(conn).map(|owner| &ends[*owner]);
            owner.is_none_or(|end| end.session.wants_input(**conn))
        });
        let Some((&conn, facts)) = ready else { return false };
        match facts.pop_front() {
            Some(Fact::Frame(frame)) => self.server_input(conn, Input::Frame(conn, frame)),
            Some(Fact::Closed) => {
                let closed = Failure::Closed(CloseCode::NORMAL);
                self.server_input(conn, Input::Failed(conn, closed));
            }
            Some(other) => panic!("not for an upgraded connection: {other:?}"),
            None => drop(self.server.unread.remove(&conn)),
        }
        true
    }

    fn server_events(&mut self) -> bool {
        let mut count = 0;
        let now = Instant::from_millis(self.now);
        for end in self.server.ends.iter_mut().filter(|_| self.server.is_reading) {
            // As the hub does: a session that wasn't read has to know until when.
            end.session.handle_timeout(now);
            while let Some(event) = end.session.poll_event() {
                assert_eq!(end.closed, None, "{event:?} after the end");
                count += 1;
                match event {
                    Event::Message(message) => end.received.push(message),
                    Event::Closed(reason) => end.closed = Some(reason),
                    Event::Upgraded(_) => {}
                    other => panic!("an unknown event: {other:?}"),
                }
            }
        }
        count > 0
    }

    fn server_write(&mut self) -> bool {
        if self.server.is_stalled {
            return false;
        }
        let mut has_written = false;
        for conn in self.server.live.clone() {
            while let Some(transmit) = self.server_transmit(conn) {
                has_written = true;
                let server = &mut self.server;
                assert!(server.live.contains(&conn), "{transmit:?} after the last word");
                if matches!(transmit, Transmit::Respond(_) | Transmit::Upgrade(_)) {
                    *server.answers.entry(conn).or_default() += 1;
                }
                if matches!(transmit, Transmit::Respond(_) | Transmit::Hangup(_)) {
                    server.live.remove(&conn);
                }
                let revision = self.client.session.revision();
                self.note(|| format!("{conn:?} gets {}", render::transmit(revision, &transmit)));
                self.link.send(self.now, Parcel::ToClient(conn, Answer::Transmit(transmit)));
            }
        }
        has_written
    }

    fn server_transmit(&mut self, conn: ConnId) -> Option<Transmit> {
        let owner = *self.server.owners.get(&conn)?;
        self.server.ends[owner].session.poll_transmit(conn).map(Transmit::plain)
    }
}
