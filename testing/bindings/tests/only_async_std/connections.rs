//! Which connections the requests of a client take.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bindings::async_std::{ClientCloseReason, ClientOptions, ConnectError, Transport, connect};
use peer::{until, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OPEN: &str = r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

/// What kinds of requests came over each connection, in order.
type Seen = Arc<Mutex<HashMap<usize, Vec<&'static str>>>>;

/// A server that answers the handshake and every POST, with these headers, and no poll.
async fn server(headers: &'static str) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let seen = Seen::default();
    let told = Arc::clone(&seen);
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(serve(stream, headers, number, Arc::clone(&told)));
        }
    });
    (address, seen)
}

async fn serve(mut stream: TcpStream, headers: &str, number: usize, seen: Seen) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
        if let Some((_, length)) = head.split_once("content-length: ") {
            let length = length.split("\r\n").next()?.parse().expect("a length");
            stream.read_exact(&mut vec![0; length]).await.ok()?;
        }
        let (kind, body) = match () {
            () if head.starts_with("post") => ("post", "ok"),
            () if head.contains("sid=s") => ("poll", ""),
            () => ("open", OPEN),
        };
        seen.lock().expect("no panic").entry(number).or_default().push(kind);
        if kind != "poll" {
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n");
            stream.write_all(format!("{answer}{body}").as_bytes()).await.ok()?;
        }
        if headers.contains("close") && kind != "poll" {
            return None;
        }
    }
}

fn in_all(seen: &Seen, kind: &str) -> usize {
    seen.lock().expect("no panic").values().flatten().filter(|it| **it == kind).count()
}

/// Sends so many messages, each when the one before has left, and gives the kinds of requests that
/// each connection had.
async fn posts(
    count: usize,
    address: SocketAddr,
    seen: &Seen,
) -> HashMap<usize, Vec<&'static str>> {
    let client = ClientOptions::new(&format!("http://{address}")).transports([Transport::Polling]);
    let client = within(connect(client)).await.expect("a session");
    for number in 1..=count {
        within(client.send("hello")).await.expect("an open session");
        within(client.flush()).await;
        until(|| in_all(seen, "post") == number).await;
    }
    assert_eq!(client.close_reason(), None);
    seen.lock().expect("no panic").clone()
}

/// More than two may be made, where a new one was quicker than the news that the last is free.
#[tokio::test]
async fn connections_that_had_their_answers_are_used_again() {
    let (address, seen) = server("").await;
    let seen = posts(50, address, &seen).await;
    assert!(seen.len() < 10, "{seen:?}");
}

#[tokio::test]
async fn connection_that_the_server_ends_is_not_used_again() {
    let (address, seen) = server("Connection: close\r\n").await;
    let seen = posts(5, address, &seen).await;
    assert_eq!(seen.len(), 1 + 1 + 5, "{seen:?}");
}

#[tokio::test]
async fn refusal_by_the_proxy_is_named_in_the_error() {
    for (answer, says) in [
        ("HTTP/1.1 407 X\r\nContent-Length: 3\r\n\r\nno!", "the proxy answered 407"),
        ("HTTP/1.1 301 X\r\nLocation: http://x/\r\n\r\n", "the proxy answered 301"),
        ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n", "before the server could"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let proxy = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 1000];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.read(&mut head).await;
            }
        });
        let client = ClientOptions::new("http://127.0.0.1:1").proxy(&format!("http://{proxy}"));
        let error = within(connect(client)).await.expect_err("no way through");
        let ConnectError::Closed { reason, source: Some(source) } = error else {
            panic!("{error:?}");
        };
        assert_eq!(reason, ClientCloseReason::Unreachable, "{answer}");
        let mut said = source.to_string();
        let mut cause = source.source();
        while let Some(error) = cause {
            said += &format!(": {error}");
            cause = error.source();
        }
        assert!(said.contains(says), "{answer}: {said}");
    }
}
