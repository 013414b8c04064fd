//! Requests to where they belong, and a session driven by hand.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use engineio_proto::server::{Event, Exchange, Input, Route, Session, Transmit, route};
use engineio_proto::{ConnId, Frame, Instant, Request, ServerConfig, Sid};
use gungraun::{library_benchmark, library_benchmark_group};

use crate::TIMES;

library_benchmark_group!(
    name = sessions;
    benchmarks = routed, session_echo_websocket, session_echo_polling
);

const SID: &str = "BwcHBwcHBwcHBwcHBwcHBw";
const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const POLL: &str = "/engine.io/?EIO=4&transport=polling&sid=BwcHBwcHBwcHBwcHBwcHBw";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";
const UPGRADE: &str = "/engine.io/?EIO=4&transport=websocket&sid=BwcHBwcHBwcHBwcHBwcHBw";

/// A request as a browser makes it.
fn request(method: &'static str, target: &'static str) -> Request<'static> {
    Request {
        method,
        target,
        upgrade: target.contains("websocket"),
        origin: Some(b"https://example.org"),
        host: Some("example.org"),
        content_type: (method == "POST").then_some("text/plain;charset=UTF-8"),
        accept_encoding: Some("gzip, deflate, br, zstd"),
        ..Request::default()
    }
}

#[library_benchmark]
#[bench::handshake(ServerConfig::default(), request("GET", POLLING))]
#[bench::handshake_websocket(ServerConfig::default(), request("GET", WEBSOCKET))]
#[bench::poll(ServerConfig::default(), request("GET", POLL))]
#[bench::post(ServerConfig::default(), request("POST", POLL))]
#[bench::upgrade(ServerConfig::default(), request("GET", UPGRADE))]
#[bench::foreign(ServerConfig::default(), request("GET", "/index.html"))]
fn routed(config: ServerConfig, request: Request<'static>) {
    for _ in 0..TIMES {
        black_box(route(&config, black_box(&request)));
    }
}

/// Opens a session whose open packet has left.
fn open(target: &'static str) -> Session {
    let config = Arc::new(ServerConfig::default());
    let request = request("GET", target);
    let Route::Open(opening) = route(&config, &request) else { panic!("a handshake") };
    let mut session =
        Session::open(&config, opening, Sid::from_random([7; 16]), CONN, Instant::ZERO);
    while session.poll_transmit(CONN).is_some() {}
    session
}

const CONN: ConnId = ConnId(0);

fn echo(session: &mut Session) {
    while let Some(event) = session.poll_event() {
        let Event::Message(message) = event else { panic!("{event:?}") };
        session.send(message).expect("room");
    }
}

fn over_websocket(payload: Bytes) -> (Session, Vec<Frame>) {
    let frame = Frame::try_text(payload).expect("text");
    (open(WEBSOCKET), vec![frame; TIMES])
}

#[library_benchmark(setup = over_websocket)]
#[bench::text_64(Bytes::from(format!("4{}", "x".repeat(64))))]
fn session_echo_websocket((mut session, frames): (Session, Vec<Frame>)) {
    for frame in frames {
        session.handle_input(Instant::ZERO, Input::Frame(CONN, frame));
        echo(&mut session);
        let Some(Transmit::Frame(frame)) = session.poll_transmit(CONN) else { panic!("a frame") };
        black_box(frame);
    }
}

/// A poll and a POST for each message.
fn over_polling(body: Bytes) -> (Session, Vec<(Exchange, Exchange)>, Bytes) {
    let config = ServerConfig::default();
    let exchange = |method| match route(&config, &request(method, POLL)) {
        Route::Session { sid, exchange } if sid == SID => exchange,
        other => panic!("{other:?}"),
    };
    let exchanges = (0..TIMES).map(|_| (exchange("GET"), exchange("POST"))).collect();
    (open(POLLING), exchanges, body)
}

#[library_benchmark(setup = over_polling)]
#[bench::text_64(Bytes::from(format!("4{}", "x".repeat(64))))]
fn session_echo_polling(
    (mut session, exchanges, body): (Session, Vec<(Exchange, Exchange)>, Bytes),
) {
    let mut conn = 0;
    for (get, post) in exchanges {
        let (poll, send) = (ConnId(conn + 1), ConnId(conn + 2));
        conn += 2;
        session.handle_input(Instant::ZERO, Input::Request(poll, get));
        session.handle_input(Instant::ZERO, Input::Request(send, post));
        session.handle_input(Instant::ZERO, Input::Body(send, body.clone()));
        echo(&mut session);
        for conn in [send, poll] {
            let Some(Transmit::Respond(it)) = session.poll_transmit(conn) else { panic!("none") };
            black_box(it);
        }
    }
}
