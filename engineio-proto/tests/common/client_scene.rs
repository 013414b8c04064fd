//! A client's session, a server played by hand, and a transcript.

use core::fmt::Write as _;

use bytes::Bytes;
use engineio_proto::client::{Connect, Event, Input, Session};
use engineio_proto::{ConnId, Failure};
use engineio_proto::{Frame, Headers, Instant, Outgoing, Response, Revision};

use super::{client_render as render, payload};

/// A session and everybody around it.
///
/// Connections are named by kind and order: the second GET is `g2`, the first POST `p1`.
/// Prints what happened when a test fails.
pub(crate) struct ClientScene {
    pub(crate) session: Session,
    /// In milliseconds.
    pub(crate) now: u64,
    revision: Revision,
    max_payload: Option<usize>,
    heartbeat: (u64, u64),
    conns: Vec<Conn>,
    log: String,
}

/// A connection that the session had started.
struct Conn {
    id: ConnId,
    name: String,
    connect: Connect,
}

impl ClientScene {
    pub(crate) const fn new(
        session: Session,
        revision: Revision,
        max_payload: Option<usize>,
        heartbeat: (u64, u64),
    ) -> Self {
        Self {
            session,
            now: 0,
            revision,
            max_payload,
            heartbeat,
            conns: Vec::new(),
            log: String::new(),
        }
    }

    /// `0{"sid":"S",..}`, with these upgrades.
    pub(crate) fn open_packet(&self, upgrades: &str) -> String {
        let (interval, timeout) = self.heartbeat;
        let max = self.max_payload.map(|max| format!(",\"maxPayload\":{max}")).unwrap_or_default();
        format!(
            r#"0{{"sid":"S","upgrades":[{upgrades}],"pingInterval":{interval},"pingTimeout":{timeout}{max}}}"#
        )
    }
}

/// States. Each takes a scene a step further.
impl ClientScene {
    /// The POST `p1` is under way.
    pub(crate) fn posting(mut self) -> Self {
        self.send("x");
        assert_eq!(self.outcome(), "POST p1 4x | polling");
        self
    }

    /// The application has closed it; the server wasn't told yet.
    pub(crate) fn closing(mut self) -> Self {
        self.close();
        self
    }

    /// It is over, and everybody knows.
    pub(crate) fn closed(mut self) -> Self {
        self.session.abort(self.time());
        self.outcome();
        self
    }
}

/// What may happen.
impl ClientScene {
    /// The answer to a poll: these packets.
    pub(crate) fn answer(&mut self, name: &str, packets: &[&str]) {
        let body = payload(self.revision, packets);
        self.respond(name, 200, "text/plain; charset=UTF-8", body);
    }

    /// The answer to a POST.
    pub(crate) fn ok(&mut self, name: &str) {
        self.respond(name, 200, "text/html", "ok");
    }

    pub(crate) fn refuse(&mut self, name: &str, status: u16, body: &'static str) {
        self.respond(name, status, "application/json", body);
    }

    pub(crate) fn respond(
        &mut self,
        name: &str,
        status: u16,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) {
        let mut headers = Headers::new();
        headers.try_push("Content-Type", content_type).expect("a legal header");
        let response = Response { status, headers, body: body.into(), coding: None };
        self.note(name, &format!("{status} {}", excerpt(&response.body)));
        self.input(Input::Responded(self.conn(name), response));
    }

    /// A WebSocket gets its 101.
    pub(crate) fn upgraded(&mut self, name: &str) {
        self.note(name, "101");
        self.input(Input::Upgraded(self.conn(name)));
    }

    /// A text frame.
    pub(crate) fn frame(&mut self, name: &str, text: &str) {
        self.note(name, &format!("frame {}", excerpt(text.as_bytes())));
        self.input(Input::Frame(self.conn(name), Frame::text(text.to_owned().into())));
    }

    pub(crate) fn fail(&mut self, name: &str, why: Failure) {
        self.note(name, &format!("{why:?}"));
        self.input(Input::Failed(self.conn(name), why));
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
            let next = self.due();
            assert!(next.is_none_or(|next| next > due), "busy loop at {due} ms");
        }
        self.wait_until(at);
    }
}

/// Outcomes.
impl ClientScene {
    /// Everything that is started and written, the events, and where the session is then:
    /// `POST p1 4a; w1: 5 | upgraded | websocket`.
    pub(crate) fn outcome(&mut self) -> String {
        let mut got = Vec::new();
        loop {
            let before = got.len();
            while let Some(started) = self.start() {
                got.push(started);
            }
            let conns: Vec<_> = self.conns.iter().map(|conn| conn.name.clone()).collect();
            for name in conns {
                let written = self.pull(&name);
                if !written.is_empty() {
                    got.push(format!("{name}: {written}"));
                }
            }
            if got.len() == before {
                break;
            }
        }
        let parts = [got.join("; "), self.events(), self.place().to_owned()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
    }

    /// Starts the next connection: `GET g1`, `POST p1 4a␞4b`, `WS w1`.
    pub(crate) fn start(&mut self) -> Option<String> {
        let has = self.session.has_connect();
        let start = self.session.poll_connect();
        assert_eq!(has, start.is_some(), "has_connect");
        let (id, connect) = start?;
        let (kind, letter) = match &connect {
            Connect::Get { .. } => ("GET", 'g'),
            Connect::Post { .. } => ("POST", 'p'),
            Connect::WebSocket { .. } => ("WS", 'w'),
        };
        let count = self.conns.iter().filter(|conn| conn.name.starts_with(letter)).count();
        let name = format!("{letter}{}", count + 1);
        let started = format!("{kind} {name} {}", render::body(self.session.revision(), &connect));
        self.note(&name, &format!("{connect:?}"));
        self.conns.push(Conn { id, name, connect });
        Some(started.trim_end().to_owned())
    }

    /// All that is written to this connection now.
    pub(crate) fn pull(&mut self, name: &str) -> String {
        let conn = self.conn(name);
        let mut got = Vec::new();
        loop {
            let has = self.session.has_transmit(conn);
            let is_hung_up = self.session.is_hung_up(conn);
            let transmit = self.session.poll_transmit(conn);
            assert_eq!(has, transmit.is_some(), "has_transmit of {name}");
            let Some(transmit) = transmit else { break };
            let text = render::transmit(&transmit);
            assert!(!is_hung_up || text.starts_with("hangup"), "{text} before the hang-up");
            got.push(text);
        }
        let got = got.join(", ");
        self.note(name, &format!("gets: {got}"));
        got
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

    fn place(&self) -> &'static str {
        match self.session.transport() {
            None => "over",
            Some(_) if self.session.is_closing() => "closing",
            Some(_) if self.session.sid().is_none() => "opening",
            Some(transport) => transport.name(),
        }
    }

    /// The next deadline, in whole milliseconds: not before it.
    pub(crate) fn due(&self) -> Option<u64> {
        let due = self.session.poll_timeout()?;
        assert!(!self.session.is_closed(), "a deadline after the end");
        let millis = due.since_zero().as_nanos().div_ceil(1_000_000);
        Some(u64::try_from(millis).expect("a time of a test"))
    }

    pub(crate) const fn time(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// The connection of this name.
    pub(crate) fn conn(&self, name: &str) -> ConnId {
        self.known(name).id
    }

    /// Path and query of the request of this name.
    pub(crate) fn target(&self, name: &str) -> &str {
        match &self.known(name).connect {
            Connect::Get { target }
            | Connect::Post { target, .. }
            | Connect::WebSocket { target } => target,
        }
    }

    /// Body and content type of the POST of this name.
    pub(crate) fn body(&self, name: &str) -> (&Bytes, &'static str) {
        match &self.known(name).connect {
            Connect::Post { body, content_type, .. } => (body, content_type),
            other => panic!("no POST: {other:?}"),
        }
    }

    fn known(&self, name: &str) -> &Conn {
        let known = self.conns.iter().find(|conn| conn.name == name);
        known.unwrap_or_else(|| panic!("no connection is called {name}"))
    }

    /// Counts from one again.
    pub(crate) fn forget_names(&mut self) {
        self.conns.clear();
    }

    fn note(&mut self, name: &str, what: &str) {
        self.log(&format!("{name}: {what}"));
    }

    fn log(&mut self, what: &str) {
        let now = self.now;
        let _ = writeln!(self.log, "{now:>8} ms  {what}");
    }
}

impl Drop for ClientScene {
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
