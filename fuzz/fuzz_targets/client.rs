// Whatever servers, application and clock do to a client, in any order: no panic; at most a GET, a
// POST and a WebSocket at a time, and each is named once; messages in order; `Opened` once and
// first, `Closed` once and last; bounded buffers; until then there is a deadline, which moves on
// when it is handled; `has_*` agrees with `poll_*`; left alone, the session ends.
#![no_main]

use core::time::Duration;
use std::sync::Arc;

use engineio_fuzz::operation::{Operation, Said};
use engineio_fuzz::watched::in_order;
use engineio_proto::client::{Connect, Event, Input, Session};
use engineio_proto::{ClientConfig, RevisionChoice};
use engineio_proto::{ConnId, Failure};
use engineio_proto::{
    Headers, Instant, Packet, Response, Revision, SendError, Transport, encode_frame,
    encode_payload,
};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Scenario {
    settings: u8,
    operations: Vec<Operation>,
}

fuzz_target!(|scenario: Scenario| {
    let mut world = World::new(scenario.settings);
    for operation in scenario.operations {
        world.run(operation);
        world.check();
    }
    world.finish();
});

struct World {
    session: Session,
    now: Instant,
    /// All that was ever started.
    conns: Vec<(ConnId, Kind)>,
    /// Which of them are under way.
    open: Vec<(ConnId, Kind)>,
    said: u64,
    heard: u64,
    is_opened: bool,
    is_closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Get,
    Post,
    WebSocket,
}

const INBOX: usize = 2_000;

impl World {
    fn new(settings: u8) -> Self {
        let both = [Transport::Polling, Transport::WebSocket];
        let transports = match settings & 3 {
            0 => both.to_vec(),
            1 => vec![Transport::Polling],
            2 => vec![Transport::WebSocket],
            _ => both.into_iter().rev().collect(),
        };
        let revision = match settings >> 2 & 3 {
            0 | 1 => RevisionChoice::Only(Revision::V4),
            2 => RevisionChoice::Only(Revision::V3),
            _ => RevisionChoice::Auto,
        };
        let config = ClientConfig::builder()
            .transports(transports)
            .revision(revision)
            .max_payload(4_000)
            .max_packets(30)
            .outbox_high_water(1_000)
            .outbox_low_water(300)
            .inbox_high_water(INBOX)
            .build();
        let config = Arc::new(config.expect("a legal configuration"));
        Self {
            session: Session::connect(&config, Instant::ZERO, settings.into()),
            now: Instant::ZERO,
            conns: Vec::new(),
            open: Vec::new(),
            said: 0,
            heard: 0,
            is_opened: false,
            is_closed: false,
        }
    }

    fn run(&mut self, operation: Operation) {
        match operation {
            Operation::Poll(_) | Operation::Post(_) => self.connect(),
            Operation::WebSocket(which) => {
                if let Some((conn, Kind::WebSocket)) = self.some(which) {
                    self.input(Input::Upgraded(conn));
                }
            }
            Operation::Body(which, said) => self.respond(which, said),
            Operation::Frame(which, said) => {
                let Some((conn, Kind::WebSocket)) = self.some(which) else { return };
                let revision = self.session.revision();
                let packet = self.packets(said).remove(0);
                let frame = said.damaged(encode_frame(revision, packet, said.binary));
                self.input(Input::Frame(conn, frame));
            }
            Operation::Fail(which, why) => {
                if let Some((conn, _)) = self.some(which) {
                    self.open.retain(|(known, _)| *known != conn || why != Failure::Gone);
                    self.input(Input::Failed(conn, why));
                }
            }
            Operation::Sleep(millis) => self.sleep(Duration::from_millis(millis.into())),
            Operation::SleepUntilDeadline => self.sleep_until_deadline(),
            Operation::Send { size, .. } => match self.session.send("x".repeat(size.into())) {
                Ok(_) => {}
                Err(SendError::Full(_)) => assert!(!self.session.is_writable()),
                Err(SendError::Closed(_)) => assert!(self.session.is_closing()),
                Err(_) => assert!(self.is_opened || self.session.has_event()),
            },
            Operation::Close => self.session.close(self.now),
            Operation::Shutdown | Operation::Abort => self.session.abort(self.now),
            Operation::Pull(which) => {
                if let Some((conn, _)) = self.some(which) {
                    self.pull(conn);
                }
            }
            Operation::PullAll => {
                for (conn, _) in self.conns.clone() {
                    self.pull(conn);
                }
            }
            Operation::TakeEvents(most) => {
                (0..most).for_each(|_| {
                    self.take_event();
                });
            }
        }
    }

    fn connect(&mut self) {
        let has = self.session.has_connect();
        let started = self.session.poll_connect();
        assert_eq!(has, started.is_some());
        let Some((conn, connect)) = started else { return };
        let kind = match connect {
            Connect::Get { .. } => Kind::Get,
            Connect::Post { body, .. } => {
                assert!(!body.is_empty());
                Kind::Post
            }
            Connect::WebSocket { .. } => Kind::WebSocket,
        };
        assert!(self.conns.iter().all(|(known, _)| *known != conn), "a name twice");
        self.open.retain(|(known, _)| !self.session.is_hung_up(*known));
        let same = self.open.iter().filter(|(_, known)| *known == kind).count();
        assert!(kind == Kind::WebSocket || same == 0, "two {kind:?} at a time");
        self.conns.push((conn, kind));
        self.open.push((conn, kind));
    }

    fn respond(&mut self, which: u8, said: Said) {
        let Some((conn, kind)) = self.some(which) else { return };
        let revision = self.session.revision();
        let mut packets = if kind == Kind::Post { Vec::new() } else { self.packets(said) };
        if !self.is_opened && !self.session.has_event() && which & 0x80 == 0 {
            packets.insert(0, open(which));
        }
        let mut body = encode_payload(revision, &packets, said.binary).body.to_vec();
        said.damage(&mut body);
        let status = if which & 0x60 == 0x60 { 400 } else { 200 };
        let response =
            Response { status, headers: Headers::new(), body: body.into(), coding: None };
        self.open.retain(|(known, _)| *known != conn);
        self.input(Input::Responded(conn, response));
    }

    fn packets(&mut self, said: Said) -> Vec<Packet> {
        // A heartbeat as a server says it.
        let mut packets = said.packets(!self.session.revision().server_pings(), || {
            self.said += 1;
            self.said
        });
        if matches!(packets[..], [Packet::Ping(_)]) {
            packets[0] = Packet::Pong("probe".into());
        }
        packets
    }

    fn some(&self, which: u8) -> Option<(ConnId, Kind)> {
        let newest = self.conns.len().checked_sub(1 + usize::from(which & 3))?;
        self.conns.get(newest).copied()
    }

    fn input(&mut self, input: Input) {
        self.session.handle_input(self.now, input);
    }

    fn pull(&mut self, conn: ConnId) {
        let has = self.session.has_transmit(conn);
        let pulled = self.session.poll_transmit(conn);
        assert_eq!(has, pulled.is_some());
    }

    fn take_event(&mut self) -> bool {
        let has = self.session.has_event();
        let event = self.session.poll_event();
        assert_eq!(has, event.is_some());
        assert!(event.is_none() || !self.is_closed, "nothing comes behind the end");
        match event {
            None => return false,
            Some(Event::Opened(_)) => assert!(!std::mem::replace(&mut self.is_opened, true)),
            Some(Event::Message(message)) => {
                assert!(self.is_opened);
                in_order(&mut self.heard, &message);
            }
            Some(Event::Closed(_)) => self.is_closed = true,
            Some(_) => assert!(self.is_opened),
        }
        true
    }

    fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
        self.session.handle_timeout(self.now);
    }

    fn sleep_until_deadline(&mut self) {
        let Some(at) = self.session.poll_timeout() else { return };
        assert!(at > self.now, "a deadline in the past");
        self.now = at;
        self.session.handle_timeout(self.now);
    }

    fn check(&self) {
        assert_eq!(self.session.is_closed(), self.session.poll_timeout().is_none());
        assert_eq!(self.session.is_closed(), self.session.close_reason().is_some());
        assert!(self.session.queued_bytes() < 10_000);
    }

    /// Nobody answers any more. (The application reads: the wait for a server that isn't read
    /// stands still.)
    fn finish(mut self) {
        for _ in 0..1_000 {
            while self.take_event() {}
            self.sleep_until_deadline();
            self.connect();
        }
        assert!(self.session.is_closed(), "left alone, it goes on");
        while self.take_event() {}
        assert!(self.is_closed);
    }
}

fn open(which: u8) -> Packet {
    let upgrades = if which & 4 > 0 { r#"["websocket"]"# } else { "[]" };
    let interval = [25_000, 0, 1, 1_000][usize::from(which >> 3 & 3)];
    let json = format!(
        r#"{{"sid":"S","upgrades":{upgrades},"pingInterval":{interval},"pingTimeout":20000,"maxPayload":1500}}"#
    );
    Packet::Open(json.into())
}
