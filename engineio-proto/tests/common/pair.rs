//! A client's session and the sessions of its server, over a hostile link.
//!
//! Everything follows from the seed and from what a test does. The pair checks by itself
//! what must hold at any time; see [`pair_laws`](super::pair_laws).

use engineio_proto::{Instant, client};

use super::link::{Link, Parcel};
use super::pair_client::Client;
use super::pair_server::Server;

pub(crate) struct Pair {
    pub(crate) now: u64,
    pub(crate) client: Client,
    pub(crate) server: Server,
    pub(super) link: Link,
    /// Something was cut or closed: messages may be lost.
    pub(crate) is_lossy: bool,
    /// How long an application has taken nothing. After a minute its session may be given up.
    pub(crate) unread_for: u64,
    /// Something was changed or came twice: the two may find fault with each other.
    pub(crate) is_hostile: bool,
    /// A transcript.
    log: Option<Vec<String>>,
}

impl Pair {
    pub(crate) fn new(
        client: engineio_proto::ClientConfig,
        server: engineio_proto::ServerConfig,
        seed: u64,
        latency: u64,
    ) -> Self {
        let link = Link::new(seed, latency);
        let (client, server) = (Client::new(client, seed), Server::new(server));
        Self {
            now: 0,
            client,
            server,
            link,
            is_lossy: false,
            is_hostile: false,
            unread_for: 0,
            log: None,
        }
    }

    /// Keeps a transcript, and prints it when a test fails.
    pub(crate) fn logged(mut self) -> Self {
        self.log = Some(Vec::new());
        self
    }

    /// The first line of the transcript.
    pub(crate) fn title(&mut self, title: &str) {
        self.note(|| title.to_owned());
    }

    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(log) = &mut self.log {
            log.push(format!("{now:>8} ms  {}", brief(what())));
        }
    }
}

/// What a test does to them.
impl Pair {
    /// Neither side runs for so long; timers are late. After a second and more it may be too
    /// late, and things are given up.
    pub(crate) const fn sleep(&mut self, millis: u64) {
        self.now += millis;
        self.note_unread(millis);
        self.is_lossy |= millis >= 1_000;
    }

    pub(crate) const fn note_unread(&mut self, millis: u64) {
        let is_read = self.server.is_reading && self.client.is_reading;
        self.unread_for = if is_read { 0 } else { self.unread_for + millis };
        self.is_lossy |= self.unread_for >= 50_000;
    }

    /// The link repeats a request.
    pub(crate) fn duplicate(&mut self, which: usize) {
        if self.link.duplicate(self.now, which) {
            self.note(|| "a request comes twice".to_owned());
            (self.is_lossy, self.is_hostile) = (true, true);
        }
    }

    /// The link changes something under way.
    pub(crate) fn corrupt(&mut self, which: usize, place: u8, byte: u8) {
        if self.link.corrupt(which, place, byte) {
            self.note(|| "something is damaged".to_owned());
            (self.is_lossy, self.is_hostile) = (true, true);
        }
    }

    pub(crate) fn run_for(&mut self, millis: u64) {
        self.run_until(self.now + millis);
    }

    /// Jumps from one thing that happens to the next.
    pub(crate) fn run_until(&mut self, until: u64) {
        self.turn();
        loop {
            let parcel = self.link.next_at();
            let server = self.server.due();
            let client = self.client.session.poll_timeout().map(millis);
            let Some(at) = [parcel, server, client].into_iter().flatten().min() else { break };
            if at > until.max(self.now) {
                break;
            }
            self.now = self.now.max(at);
            if parcel == Some(at) {
                match self.link.next() {
                    Some(Parcel::ToServer(conn, fact)) => self.arrive(conn, fact),
                    Some(Parcel::ToClient(conn, answer)) => self.hear(conn, answer),
                    None => {}
                }
            } else if client == Some(at) {
                self.note(|| "a timer of the client".to_owned());
                let now = Instant::from_millis(self.now);
                self.client.session.handle_timeout(now);
                let next = self.client.session.poll_timeout();
                assert!(next.is_none_or(|at| at > now), "busy loop");
            } else {
                self.expire();
            }
            self.turn();
        }
        self.now = self.now.max(until);
    }

    /// Everybody does what can be done without time passing.
    pub(super) fn turn(&mut self) {
        while self.client_turn() | self.server_turn() {}
        self.check();
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if let Some(log) = self.log.as_ref().filter(|_| std::thread::panicking()) {
            eprintln!("{}", log.join("\n"));
        }
    }
}

/// In whole milliseconds, and not before it.
pub(super) fn millis(at: Instant) -> u64 {
    let millis = at.since_zero().as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).expect("a time of a test")
}

fn brief(mut text: String) -> String {
    let end = (0..=160.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    text
}
