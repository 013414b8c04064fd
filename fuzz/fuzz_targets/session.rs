// Whatever peers, application and clock do, in any order: no panic; one answer for each request, no
// write after a hang-up; every message at most once and in order, across the upgrade too; one
// `Closed`, last; bounded buffers; an open session has a deadline, which moves on when it is
// handled; `has_*` agrees with `poll_*`; left alone, the session ends. (Checked by `watched`.)
#![no_main]

use core::time::Duration;

use engineio_fuzz::operation::{Operation, Said};
use engineio_fuzz::watched::{Watched, numbered};
use engineio_proto::server::Session;
use engineio_proto::{
    Message, Outgoing, Packet, Revision, ServerCloseReason, ServerConfig, encode_frame,
    encode_payload,
};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Scenario {
    settings: [u8; 2],
    operations: Vec<Operation>,
}

fuzz_target!(|scenario: Scenario| {
    let [opening, _] = scenario.settings;
    let (is_v3, upgrade, b64) = (opening & 1 > 0, opening & 2 > 0, opening & 4 > 0);
    let eio = if is_v3 { 3 } else { 4 };
    let transport = if upgrade { "websocket" } else { "polling" };
    let b64 = if b64 { "&b64=1" } else { "" };
    let target = format!("/engine.io/?EIO={eio}&transport={transport}{b64}");
    let count = u64::from(opening >> 3 & 3);
    let messages = (1..=count).map(|number| numbered(number, 0).into()).collect();
    let mut session = Watched::open(config(scenario.settings), &target, upgrade, messages);

    let mut said = 0;
    for operation in scenario.operations {
        run(&mut session, operation, &mut said);
    }
    session.finish();
});

fn run(session: &mut Watched, operation: Operation, said: &mut u64) {
    let revision = session.revision();
    let some = |conn: u8| usize::from(conn) % session.conns();
    match operation {
        Operation::Poll(flags) => {
            session.request("GET", &query(revision, "polling", flags), false, false);
        }
        Operation::Post(flags) => {
            let octets = flags & 0x80 > 0;
            session.request("POST", &query(revision, "polling", flags), false, octets);
        }
        Operation::WebSocket(flags) => {
            session.request("GET", &query(revision, "websocket", flags), true, false);
        }
        Operation::Body(conn, said_now) => {
            let packets = packets(said_now, revision, said);
            let mut body = encode_payload(revision, &packets, said_now.binary).body.to_vec();
            let is_ping = |packet: &&Packet| matches!(packet, Packet::Ping(_));
            let pings = packets.iter().filter(is_ping).count();
            let pings = if said_now.damage(&mut body) { 0 } else { pings };
            session.body(some(conn), body.into(), pings);
        }
        Operation::Frame(conn, said_now) => {
            let packet = packets(said_now, revision, said).remove(0);
            let conn = some(conn);
            session.frame(conn, said_now.damaged(encode_frame(revision, packet, said_now.binary)));
        }
        Operation::Fail(conn, why) => session.fail(some(conn), why),
        Operation::Sleep(millis) => session.sleep(Duration::from_millis(millis.into())),
        Operation::SleepUntilDeadline => {
            session.sleep_until_deadline();
        }
        Operation::Send { size, volatile, key, count } => {
            let first = session.next_out();
            let message = |at| Message::from(numbered(first + at, size.into()));
            let mut outgoing = match count {
                0 => Outgoing::from(message(0)),
                count => Outgoing::batch((0..u64::from(count)).map(message)),
            };
            outgoing = if volatile { outgoing.volatile() } else { outgoing };
            outgoing = key.map_or(outgoing.clone(), |key| outgoing.keep_latest(key.into()));
            session.send(outgoing, key.is_some(), volatile);
        }
        Operation::Close => session.end(Session::close),
        Operation::Shutdown => session.end(Session::shutdown),
        Operation::Abort => session.end(|it, now| it.abort(now, ServerCloseReason::Overloaded)),
        Operation::Pull(conn) => {
            session.pull(some(conn));
        }
        Operation::PullAll => session.pull_all(),
        Operation::TakeEvents(most) => session.take_events(most.into()),
    }
}

/// A request's target, mostly as it should be.
fn query(revision: Revision, transport: &str, flags: u8) -> String {
    let eio = match flags & 3 {
        1 => String::new(),
        2 => format!("&EIO={}", 7 - revision.number()),
        _ => format!("&EIO={}", revision.number()),
    };
    let transport = if flags & 12 == 12 { "websocket" } else { transport };
    let b64 = if flags & 16 > 0 { "&b64=1" } else { "" };
    format!("/engine.io/?sid=s&transport={transport}{eio}{b64}")
}

fn packets(said: Said, revision: Revision, last: &mut u64) -> Vec<Packet> {
    said.packets(revision.server_pings(), || {
        *last += 1;
        *last
    })
}

/// Small limits, so that little is needed to reach them.
fn config([first, second]: [u8; 2]) -> ServerConfig {
    let choose = |shift: u8| usize::from(second >> shift & 3);
    let millis = |short, long| Duration::from_millis(if first & 0x80 > 0 { long } else { short });
    let (outbox_high, outbox_low) = [(1_000, 300), (1, 0), (400, 400), (1 << 20, 0)][choose(4)];
    let (inbox_high, inbox_limit) = [(1_000, 2_000), (1, 1), (200, 1_000), (1, 1 << 20)][choose(6)];
    ServerConfig::builder()
        .ping_interval(millis(50, 25_000))
        .ping_timeout(millis(40, 20_000))
        .upgrade_timeout(millis(30, 10_000))
        .close_timeout(millis(60, 30_000))
        .poll_grace(millis(20, 2_000))
        .body_timeout(millis(70, 30_000))
        .stall_timeout(millis(90, 60_000))
        .max_payload([1_000, 300, 40, 10_000][choose(0)])
        .max_packets(if first & 0x40 > 0 { 3 } else { 100 })
        .max_batch_packets([16, 1, 2, 3][choose(2)])
        .outbox_high_water(outbox_high)
        .outbox_low_water(outbox_low)
        .inbox_high_water(inbox_high)
        .inbox_limit(inbox_limit)
        .allow_upgrades(first & 0x20 == 0)
        .build()
        .expect("a legal configuration")
}
