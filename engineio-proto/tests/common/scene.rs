//! One session, one driver, and a transcript.

use core::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use engineio_proto::server::{Event, Input, Session, Transmit};
use engineio_proto::{ConnId, Failure};
use engineio_proto::{Frame, Instant, Outgoing, Request, Response, ServerConfig};

use super::ask::exchange;
use super::{payload, render};

/// A session and everybody around it.
///
/// Connections are named by kind and order: the second GET is `g2`. Prints what
/// happened when a test fails.
pub(crate) struct Scene {
    pub(crate) session: Session,
    pub(crate) config: Arc<ServerConfig>,
    /// In milliseconds.
    pub(crate) now: u64,
    accept_encoding: Option<&'static str>,
    query: String,
    conns: Vec<(ConnId, String)>,
    last_conn: u64,
    log: String,
}

impl Scene {
    pub(crate) const fn new(
        session: Session,
        config: Arc<ServerConfig>,
        accept_encoding: Option<&'static str>,
        query: String,
    ) -> Self {
        Self {
            session,
            config,
            now: 0,
            accept_encoding,
            query,
            conns: Vec::new(),
            last_conn: 0,
            log: String::new(),
        }
    }
}

/// States. Each takes a scene a step further.
impl Scene {
    /// The client has shown up after its handshake.
    pub(crate) fn followed(mut self) -> Self {
        let conn = self.post(&["6"]);
        assert_eq!(self.pull(conn), "200 ok");
        self.forget_names();
        self
    }

    /// A GET waits.
    pub(crate) fn parked(mut self) -> Self {
        self.get();
        self
    }

    /// The body of a POST hasn't come yet.
    pub(crate) fn posting(mut self) -> Self {
        self.begin_post();
        self
    }

    /// A WebSocket for the session is open and silent.
    pub(crate) fn probing(mut self) -> Self {
        let conn = self.upgrade();
        assert_eq!(self.pull(conn), "101");
        self
    }

    /// The WebSocket said `2probe` and got `3probe`.
    pub(crate) fn probed(self) -> Self {
        let mut scene = self.probing();
        let conn = scene.conn("w1");
        scene.frame(conn, "2probe");
        assert_eq!(scene.pull(conn), "3probe");
        scene
    }

    /// The WebSocket took over.
    pub(crate) fn upgraded(self) -> Self {
        let mut scene = self.probed();
        let conn = scene.conn("w1");
        scene.frame(conn, "5");
        assert_eq!(scene.events(), "upgraded");
        scene
    }

    /// The application has closed it.
    pub(crate) fn closing(mut self) -> Self {
        self.close();
        self
    }

    /// It is over, and everybody knows.
    pub(crate) fn closed(mut self) -> Self {
        self.session.abort(self.time(), engineio_proto::ServerCloseReason::Application);
        self.outcome();
        self
    }
}

/// What may happen.
impl Scene {
    pub(crate) fn get(&mut self) -> ConnId {
        let conn = self.name("g");
        self.ask(conn, "GET", "transport=polling", |request| request);
        conn
    }

    pub(crate) fn begin_post(&mut self) -> ConnId {
        let conn = self.name("p");
        self.ask(conn, "POST", "transport=polling", |request| request);
        conn
    }

    /// A POST of these packets.
    pub(crate) fn post(&mut self, packets: &[&str]) -> ConnId {
        let conn = self.begin_post();
        let body = payload(self.session.revision(), packets);
        self.body(conn, body);
        conn
    }

    pub(crate) fn body(&mut self, conn: ConnId, body: impl Into<Bytes>) {
        let body = body.into();
        self.note(conn, &format!("body {}", excerpt(&body)));
        self.input(Input::Body(conn, body));
    }

    /// A WebSocket for this session.
    pub(crate) fn upgrade(&mut self) -> ConnId {
        let conn = self.name("w");
        self.ask(conn, "GET", "transport=websocket", |request| Request {
            upgrade: true,
            ..request
        });
        conn
    }

    /// A request of this session, changed as the test likes.
    pub(crate) fn ask<'r>(
        &mut self,
        conn: ConnId,
        method: &'r str,
        query: &str,
        change: impl FnOnce(Request<'r>) -> Request<'r>,
    ) {
        let target = format!("/engine.io/?{query}&sid=S{}", self.query);
        self.note(conn, &format!("{method} {target}"));
        let target: &'r str = Box::leak(target.into_boxed_str());
        let accept_encoding = self.accept_encoding;
        let request = change(Request { method, target, accept_encoding, ..Request::default() });
        let exchange = exchange(&self.config, &request);
        self.input(Input::Request(conn, exchange));
    }

    /// A text frame.
    pub(crate) fn frame(&mut self, conn: ConnId, text: &str) {
        self.note(conn, &format!("frame {}", excerpt(text.as_bytes())));
        self.input(Input::Frame(conn, Frame::text(text.into())));
    }

    pub(crate) fn fail(&mut self, conn: ConnId, why: Failure) {
        self.note(conn, &format!("{why:?}"));
        self.input(Input::Failed(conn, why));
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.session.handle_input(self.time(), input);
    }

    /// Sends and expects it to be taken.
    pub(crate) fn send(&mut self, outgoing: impl Into<Outgoing>) -> u64 {
        self.log("the application sends");
        self.session.send(outgoing).expect("a writable session")
    }

    pub(crate) fn close(&mut self) {
        self.log("the application closes");
        self.session.close(self.time());
    }

    /// Lets time pass in one leap.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.wait_until(self.now + millis);
    }

    /// Lets time pass in one leap, up to this millisecond.
    pub(crate) fn wait_until(&mut self, at: u64) {
        self.now = at;
        self.log("time passes");
        self.session.handle_timeout(self.time());
    }

    /// Lets time pass as a punctual driver does.
    pub(crate) fn run_until(&mut self, at: u64) {
        while let Some(due) = self.due().filter(|due| *due <= at) {
            self.wait_until(due);
        }
        self.wait_until(at);
    }
}

/// Outcomes.
impl Scene {
    /// All that this connection gets now.
    pub(crate) fn pull(&mut self, conn: ConnId) -> String {
        let mut got = Vec::new();
        while let Some(transmit) = self.transmit(conn) {
            got.push(render::transmit(self.session.revision(), &transmit));
        }
        let got = got.join(", ");
        self.note(conn, &format!("gets: {got}"));
        got
    }

    /// The next thing that this connection gets, checked against the getter.
    pub(crate) fn transmit(&mut self, conn: ConnId) -> Option<Transmit> {
        let has = self.session.has_transmit(conn);
        let transmit = self.session.poll_transmit(conn).map(Transmit::plain);
        assert_eq!(has, transmit.is_some(), "has_transmit of {conn:?}");
        transmit
    }

    /// The answer that a request has to have got by now.
    pub(crate) fn response(&mut self, conn: ConnId) -> Response {
        match self.transmit(conn) {
            Some(Transmit::Respond(response)) => response,
            other => panic!("not an answer: {other:?}"),
        }
    }

    /// All events of now, in order.
    pub(crate) fn events(&mut self) -> String {
        let mut events = Vec::new();
        while let Some(event) = self.event() {
            events.push(render::event(&event));
        }
        let events = events.join(", ");
        self.log(&format!("the application gets: {events}"));
        events
    }

    pub(crate) fn event(&mut self) -> Option<Event> {
        let has = self.session.has_event();
        let event = self.session.poll_event();
        assert_eq!(has, event.is_some(), "has_event");
        event
    }

    /// Everything that everybody gets, and where the session is then:
    /// `g1: 200 6; p1: 200 ok | a, closed Peer | over`.
    pub(crate) fn outcome(&mut self) -> String {
        let mut got = Vec::new();
        for (conn, name) in self.conns.clone() {
            let pulled = self.pull(conn);
            if !pulled.is_empty() {
                got.push(format!("{name}: {pulled}"));
            }
        }
        let parts = [got.join("; "), self.events(), self.place().to_owned()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
    }

    fn place(&self) -> &'static str {
        match self.session.transport() {
            None => "over",
            Some(_) if self.session.is_closing() => "closing",
            Some(transport) => transport.name(),
        }
    }

    /// The next deadline, in whole milliseconds: not before it.
    pub(crate) fn due(&self) -> Option<u64> {
        let due = self.session.poll_timeout()?;
        let millis = due.since_zero().as_nanos().div_ceil(1_000_000);
        Some(u64::try_from(millis).expect("a time of a test"))
    }

    pub(crate) fn time(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// The connection of this name.
    pub(crate) fn conn(&self, name: &str) -> ConnId {
        let known = self.conns.iter().find(|(_, known)| known == name);
        known.unwrap_or_else(|| panic!("no connection is called {name}")).0
    }

    /// Counts from one again.
    pub(crate) fn forget_names(&mut self) {
        self.conns.clear();
    }

    /// A number for the next connection of this kind.
    pub(crate) fn name(&mut self, kind: &str) -> ConnId {
        self.last_conn += 1;
        let conn = ConnId(self.last_conn);
        let count = self.conns.iter().filter(|(_, name)| name.starts_with(kind)).count();
        self.conns.push((conn, format!("{kind}{}", count + 1)));
        conn
    }

    fn note(&mut self, conn: ConnId, what: &str) {
        let known = self.conns.iter().find(|(known, _)| *known == conn);
        let name = known.map_or_else(|| format!("{conn:?}"), |(_, name)| name.clone());
        self.log(&format!("{name}: {what}"));
    }

    fn log(&mut self, what: &str) {
        let now = self.now;
        let _ = writeln!(self.log, "{now:>8} ms  {what}");
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log);
        }
    }
}

fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes.get(..60).unwrap_or(bytes);
    String::from_utf8_lossy(shown).into_owned()
}
