//! Clients that break off: nothing of them is left.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use heap::settled;

use super::{alone, server};
use crate::block_on;
use crate::engineio::{Server, ServerConfig, Socket};

/// Few enough that both ends of all fit into the usual 1,024 open files.
const CLIENTS: usize = 300;

/// Less than 28 bytes for each client, so nothing that a client causes can hide in it. Runtimes
/// release closed sockets in batches: tokio's come to about 4 KiB.
const ALLOWED: isize = 8 << 10;

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";

/// A server whose time-outs are all short.
fn hasty() -> (Server, SocketAddr) {
    let soon = Duration::from_millis(100);
    let config = ServerConfig::builder()
        .ping_interval(soon)
        .ping_timeout(soon)
        .upgrade_timeout(soon)
        .accept_timeout(soon)
        .body_timeout(soon)
        .poll_grace(soon)
        .linger(soon)
        .build()
        .expect("a legal configuration");
    server(config, async |mut socket: Socket| while socket.recv().await.is_some() {})
}

/// How often a lot of clients is let in. Pools and tables grow with the most that they ever held
/// at once, which differs from lot to lot; a leak grows with every one.
const LOTS: usize = 6;

/// Lets lots of clients do the same, until one leaves the heap as it was.
fn assert_nothing_is_left(client: fn(SocketAddr) -> Option<TcpStream>) {
    let _alone = alone();
    let (server, address) = hasty();
    let mut heap = Vec::new();
    let is_as_before = (0..LOTS).any(|_| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| client(address)).collect();
        wait_until("no session is left", || server.is_empty());
        drop(clients);
        heap.push(settled());
        matches!(*heap, [.., before, now] if now - before <= ALLOWED)
    });
    println!("{CLIENTS} clients a lot, bytes live after each: {heap:?}");
    assert!(is_as_before, "each lot of {CLIENTS} clients left something: {heap:?} bytes live");
    block_on(server.close(Duration::ZERO));
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("not within 20 s: {what}");
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    stream
}

fn send(stream: &mut TcpStream, request: &str) {
    stream.write_all(request.as_bytes()).expect("the server reads");
}

fn get(stream: &mut TcpStream, target: &str) {
    send(stream, &format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n"));
}

fn ask_for_websocket(stream: &mut TcpStream, target: &str) {
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    send(stream, &head);
}

/// The beginning of an answer.
fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 1024];
    let count = stream.read(&mut bytes).expect("an answer");
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

/// Opens a session over polling: gives the target of its requests.
fn session(stream: &mut TcpStream) -> String {
    get(stream, POLLING);
    let answer = answer(stream);
    let sid = answer.split('"').skip_while(|part| *part != "sid").nth(2).expect("a sid");
    format!("{POLLING}&sid={sid}")
}

/// Unread bytes make the end of the connection a reset.
fn reset(stream: TcpStream) -> Option<TcpStream> {
    drop(stream);
    None
}

#[test]
fn nothing_is_left_of_handshakes_that_nobody_follows() {
    assert_nothing_is_left(|address| {
        let mut stream = connect(address);
        session(&mut stream);
        Some(stream)
    });
}

#[test]
fn nothing_is_left_of_websockets_that_are_reset_after_their_101() {
    assert_nothing_is_left(|address| {
        let mut stream = connect(address);
        ask_for_websocket(&mut stream, &POLLING.replace("polling", "websocket"));
        // A part of the answer: the rest is unread.
        stream.read_exact(&mut [0; 12]).expect("a 101");
        reset(stream)
    });
}

#[test]
fn nothing_is_left_of_websockets_that_say_nothing() {
    assert_nothing_is_left(|address| {
        let mut stream = connect(address);
        ask_for_websocket(&mut stream, &POLLING.replace("polling", "websocket"));
        assert!(answer(&mut stream).starts_with("HTTP/1.1 101 "));
        Some(stream)
    });
}

#[test]
fn nothing_is_left_of_posts_that_are_cut_half_way() {
    assert_nothing_is_left(|address| {
        let mut stream = connect(address);
        let target = session(&mut stream);
        send(
            &mut stream,
            &format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n4half"),
        );
        stream.shutdown(Shutdown::Write).expect("an open connection");
        Some(stream)
    });
}

#[test]
fn nothing_is_left_of_posts_that_stand_still() {
    assert_nothing_is_left(|address| {
        let mut stream = connect(address);
        let target = session(&mut stream);
        send(
            &mut stream,
            &format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n4half"),
        );
        Some(stream)
    });
}

#[test]
fn nothing_is_left_of_polls_that_are_abandoned() {
    assert_nothing_is_left(|address| {
        let mut stream = connect(address);
        let target = session(&mut stream);
        get(&mut stream, &target);
        reset(stream)
    });
}

#[test]
fn nothing_is_left_of_upgrades_that_are_never_finished() {
    assert_nothing_is_left(|address| {
        loop {
            let target = session(&mut connect(address)).replace("polling", "websocket");
            let mut probe = connect(address);
            ask_for_websocket(&mut probe, &target);
            // On a loaded machine the session may be over already.
            if answer(&mut probe).starts_with("HTTP/1.1 101 ") {
                return Some(probe);
            }
        }
    });
}

#[test]
fn nothing_is_left_of_connections_that_say_nothing() {
    assert_nothing_is_left(|address| reset(connect(address)));
}
