//! What connections keep of the answers they carried.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use heap::settled;

use super::{alone, server};
use crate::block_on;
use crate::engineio::{ServerConfig, Socket};

const CLIENTS: usize = 50;
const LONG: usize = 900_000;
const TARGET: &str = "/engine.io/?EIO=4&transport=polling";

#[test]
fn idle_connection_keeps_nothing_of_a_long_answer() {
    let _alone = alone();
    let (server, address) = server(ServerConfig::default(), async |mut socket: Socket| {
        while socket.recv().await.is_some() {
            let _ = socket.send("x".repeat(LONG)).await;
        }
    });
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut stream = TcpStream::connect(address).expect("the server listens");
            stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
            let opened = request(&mut stream, "GET", TARGET, "");
            let sid = opened.split('"').nth(3).expect("a sid").to_owned();
            (stream, format!("{TARGET}&sid={sid}"))
        })
        .collect();
    let before = settled();
    for (stream, target) in &mut clients {
        assert_eq!(request(stream, "POST", target, "4go"), "ok");
        assert_eq!(request(stream, "GET", target, "").len(), 1 + LONG);
    }
    let more = (settled() - before) / CLIENTS as isize;
    println!("{more} bytes more for each connection after an answer of {LONG}");
    assert!(more <= 32 << 10, "{more}");
    block_on(server.close(Duration::ZERO));
}

/// Sends a request, and reads the body of its answer.
fn request(stream: &mut TcpStream, method: &str, target: &str, body: &str) -> String {
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("the server reads");
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).expect("an answer");
        assert!(count > 0, "the connection ended");
        answer.extend_from_slice(&chunk[..count]);
        let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let lines = str::from_utf8(&answer[..head]).expect("a head of text").to_ascii_lowercase();
        let (_, length) = lines.split_once("content-length: ").expect("a length");
        let length: usize = length.lines().next().and_then(|it| it.parse().ok()).expect("a number");
        if answer.len() == head + 4 + length {
            return String::from_utf8(answer.split_off(head + 4)).expect("a body of text");
        }
    }
}
