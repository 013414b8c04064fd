//! Arbitrary facts in arbitrary order: nothing panics, and what was promised holds.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::ask::{exchange, opening, request};
use common::{
    ConnId, Event, Failure, Input, Instant, Outgoing, Revision, ServerCloseReason, ServerConfig,
    Session, Transmit, millis,
};
use engineio_proto::{CloseCode, Frame, Request, Sid};
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Clone, Debug)]
enum Op {
    /// Method, query, and whether it asks for a WebSocket and says octets.
    Request(ConnIdChoice, &'static str, &'static str, bool, bool),
    Body(ConnIdChoice, Vec<u8>),
    Text(ConnIdChoice, String),
    Binary(ConnIdChoice, Vec<u8>),
    Failed(ConnIdChoice, Failure),
    /// To or back to a time: sometimes the clock jumps.
    Time(u64),
    /// To the next deadline.
    Deadline,
    Send(Outgoing),
    AnswerPoll,
    Close,
    Shutdown,
    Abort,
    Transmit(ConnIdChoice),
    Event,
}

/// Some connection: one that was used before, or a new one.
#[derive(Clone, Copy, Debug)]
struct ConnIdChoice(u8);

fn conn() -> impl Strategy<Value = ConnIdChoice> {
    any::<u8>().prop_map(ConnIdChoice)
}

fn packets() -> impl Strategy<Value = String> {
    let packet = select(vec![
        "0{}", "1", "2", "2probe", "3", "3probe", "4", "4a", "4äöü", "5", "6", "7", "", "b",
        "bAQID", "b4AQID", "b!", "x", "\u{1e}", "2:4a", "1:2", "6:2probe", "1:1", "3:4",
    ]);
    prop::collection::vec(packet, 0..4).prop_map(|packets| packets.join("\u{1e}"))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => packets().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..80),
        1 => Just(b"\x00\x02\xff4a\x01\x02\xff\x04a".to_vec()),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let query = select(vec![
        "transport=polling",
        "EIO=3&transport=polling",
        "EIO=4&transport=polling",
        "EIO=9&transport=polling",
        "transport=websocket",
        "transport=websocket&b64=1",
        "EIO=3&transport=websocket",
        "EIO=4&transport=websocket",
    ]);
    let failure = select(vec![
        Failure::Gone,
        Failure::Closed(CloseCode::NORMAL),
        Failure::TooLarge,
        Failure::Malformed,
        Failure::TimedOut,
    ]);
    let outgoing = (0..4_usize, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(count, is_volatile, is_keyed, is_single)| {
            let outgoing = if is_single {
                Outgoing::from("message")
            } else {
                Outgoing::batch((0..count).map(|_| vec![0; 100].into()))
            };
            let outgoing = if is_volatile { outgoing.volatile() } else { outgoing };
            if is_keyed { outgoing.keep_latest(1) } else { outgoing }
        },
    );
    prop_oneof![
        6 => (conn(), query, any::<bool>(), prop::bool::weighted(0.2), any::<bool>()).prop_map(
            |(conn, query, is_post, octets, upgrade)| {
                let upgrade = if query.contains("websocket") { !octets } else { octets && upgrade };
                let method = if is_post && !upgrade { "POST" } else { "GET" };
                Op::Request(conn, method, query, upgrade, octets)
            }
        ),
        4 => (conn(), bytes()).prop_map(|(conn, body)| Op::Body(conn, body)),
        4 => (conn(), packets()).prop_map(|(conn, text)| Op::Text(conn, text)),
        1 => (conn(), bytes()).prop_map(|(conn, data)| Op::Binary(conn, data)),
        2 => (conn(), failure).prop_map(|(conn, why)| Op::Failed(conn, why)),
        3 => (0..60_000_u64).prop_map(Op::Time),
        3 => Just(Op::Deadline),
        4 => outgoing.prop_map(Op::Send),
        1 => Just(Op::AnswerPoll),
        1 => prop_oneof![3 => Just(Op::Close), 1 => Just(Op::Shutdown), 1 => Just(Op::Abort)],
        6 => conn().prop_map(Op::Transmit),
        3 => Just(Op::Event),
    ]
}

/// What a connection was told, and what it told.
#[derive(Debug, Default)]
struct Conn {
    /// Requests with this number: more than one is against the contract.
    requests: usize,
    answers: usize,
    hangups: usize,
    is_upgraded: bool,
    is_gone: bool,
}

struct Driver {
    config: Arc<ServerConfig>,
    session: Session,
    now: u64,
    reuses: bool,
    conns: BTreeMap<ConnId, Conn>,
    has_closed: bool,
}

impl Driver {
    fn new(revision: Revision, framed: bool, reuses: bool) -> Self {
        let config = ServerConfig::builder()
            .ping_interval(millis(3_000))
            .ping_timeout(millis(2_000))
            .inbox_high_water(300)
            .inbox_limit(600)
            .outbox_high_water(400)
            .outbox_low_water(100)
            .max_payload(150)
            .max_packets(3)
            .build();
        let config = Arc::new(config.expect("legal"));
        let number = revision.number();
        let target = if framed {
            format!("GET /engine.io/?EIO={number}&transport=websocket ws")
        } else {
            format!("GET /engine.io/?EIO={number}&transport=polling")
        };
        let opening = opening(&config, &request(&target));
        let sid = Sid::from_text("S").expect("legal");
        let session = Session::open(&config, opening, sid, ConnId(0), Instant::ZERO);
        let first = Conn { requests: 1, ..Conn::default() };
        let conns = BTreeMap::from([(ConnId(0), first)]);
        Self { config, session, now: 0, reuses, conns, has_closed: false }
    }

    fn time(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// Mostly one of the latest connections.
    fn known(&self, ConnIdChoice(choice): ConnIdChoice) -> ConnId {
        let count = self.conns.len() as u64;
        ConnId((count + 1).saturating_sub(1 + u64::from(choice) % 6))
    }

    fn input(&mut self, input: Input) {
        self.session.handle_input(self.time(), input);
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::Request(choice, method, query, upgrade, octets) => {
                let new = ConnId(self.conns.len() as u64);
                let conn = if self.reuses { self.known(choice) } else { new };
                let target = format!("/engine.io/?{query}&sid=S");
                let content_type = octets.then_some("application/octet-stream");
                let request = Request {
                    method,
                    target: &target,
                    upgrade,
                    content_type,
                    ..Request::default()
                };
                let exchange = exchange(&self.config, &request);
                self.conns.entry(conn).or_default().requests += 1;
                self.input(Input::Request(conn, exchange));
            }
            Op::Body(choice, body) => self.input(Input::Body(self.known(choice), body.into())),
            Op::Text(choice, text) => {
                self.input(Input::Frame(self.known(choice), Frame::text(text.into())));
            }
            Op::Binary(choice, data) => {
                self.input(Input::Frame(self.known(choice), Frame::binary(data.into())));
            }
            Op::Failed(choice, why) => {
                let conn = self.known(choice);
                if let Some(known) = self.conns.get_mut(&conn) {
                    known.is_gone |= matches!(why, Failure::Gone | Failure::Closed(_));
                }
                self.input(Input::Failed(conn, why));
            }
            Op::Time(now) => {
                self.now = now;
                self.session.handle_timeout(self.time());
            }
            Op::Deadline => self.deadline(),
            Op::Send(outgoing) => {
                let is_open = !self.session.is_closing();
                let sent = self.session.send(outgoing);
                assert!(is_open || sent.is_err(), "sent, but it closes");
            }
            Op::AnswerPoll => self.session.answer_poll(self.time()),
            Op::Close => self.session.close(self.time()),
            Op::Shutdown => self.session.shutdown(self.time()),
            Op::Abort => self.session.abort(self.time(), ServerCloseReason::Overloaded),
            Op::Transmit(choice) => _ = self.transmit(self.known(choice)),
            Op::Event => _ = self.event(),
        }
        self.check();
    }

    /// Time comes to a deadline: something must have become of it.
    fn deadline(&mut self) {
        let Some(at) = self.session.poll_timeout() else { return };
        self.session.handle_timeout(at);
        assert!(self.session.poll_timeout().is_none_or(|next| next > at), "no progress at {at:?}");
        let settled = format!("{:?}", self.session);
        self.session.handle_timeout(at);
        self.session.handle_timeout(Instant::ZERO);
        assert_eq!(format!("{:?}", self.session), settled, "a repeated call changes something");
    }

    fn transmit(&mut self, conn: ConnId) -> bool {
        let has = self.session.has_transmit(conn);
        let transmit = self.session.poll_transmit(conn).map(Transmit::plain);
        assert_eq!(has, transmit.is_some(), "has_transmit");
        let Some(transmit) = transmit else { return false };
        let known = self.conns.get_mut(&conn).expect("only who asked is answered");
        if self.reuses {
            return true;
        }
        assert_eq!(known.hangups, 0, "{transmit:?} after the last word");
        match transmit {
            Transmit::Respond(_) | Transmit::Refuse(_) => known.answers += 1,
            Transmit::Upgrade(_) => {
                known.answers += 1;
                known.is_upgraded = true;
            }
            Transmit::Frame(_) => assert!(known.is_upgraded, "a frame before the 101"),
            Transmit::Hangup(_) => {
                assert!(known.is_upgraded, "a hang-up before the 101");
                known.hangups += 1;
            }
        }
        assert!(known.answers <= 1, "two answers");
        true
    }

    fn event(&mut self) -> bool {
        let has = self.session.has_event();
        let event = self.session.poll_event();
        assert_eq!(has, event.is_some(), "has_event");
        let Some(event) = event else { return false };
        assert!(!self.has_closed, "{event:?} after the end");
        self.has_closed = matches!(event, Event::Closed(_));
        true
    }

    fn check(&self) {
        let session = &self.session;
        assert_eq!(session.is_closed(), session.poll_timeout().is_none(), "deadlines");
        assert_eq!(session.is_closed(), session.close_reason().is_some(), "reasons");
        assert!(session.handed_over() <= session.accepted());
        assert!(!self.has_closed || session.is_closed());
    }

    /// Ends it if need be, and lets everybody have the rest.
    fn finish(mut self) {
        self.session.abort(self.time(), ServerCloseReason::Application);
        self.check();
        for conn in self.conns.keys().copied().collect::<Vec<_>>() {
            while self.transmit(conn) {}
        }
        while self.event() {}
        assert!(self.has_closed, "nobody was told of the end");
        for (conn, known) in self.conns.iter().filter(|(_, it)| !it.is_gone && !self.reuses) {
            assert_eq!(known.answers, 1, "answers to {conn:?}");
            assert_eq!(known.hangups, usize::from(known.is_upgraded), "hang-ups of {conn:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_request_gets_one_answer_and_every_websocket_one_hangup(
        is_old in any::<bool>(),
        is_framed in prop::bool::weighted(0.2),
        ops in prop::collection::vec(op(), 0..40),
    ) {
        run(is_old, is_framed, false, ops);
    }

    /// Numbers are reused, which nobody should do.
    #[test]
    fn nothing_that_a_driver_does_wrong_makes_a_session_panic(
        is_old in any::<bool>(),
        is_framed in prop::bool::weighted(0.2),
        ops in prop::collection::vec(op(), 0..40),
    ) {
        run(is_old, is_framed, true, ops);
    }
}

fn run(is_old: bool, is_framed: bool, reuses: bool, ops: Vec<Op>) {
    let revision = if is_old { Revision::V3 } else { Revision::V4 };
    let mut driver = Driver::new(revision, is_framed, reuses);
    for op in ops {
        driver.run(op);
    }
    driver.finish();
}
