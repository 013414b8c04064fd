//! Servers that are none, or mean harm.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::engineio::{
    self, ClientCloseReason, ClientOptions, ConnectError, Revision, RevisionChoice, Violation,
};
use peer::within;

/// What is said to a request.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// Status, more headers, body.
    Whole(u16, &'static str, &'static str),
    /// These bytes, and the end of the connection.
    Raw(&'static str),
    /// Body without an end.
    Endless,
    /// Nothing.
    Silence,
}

/// A server that answers each request with what `answer` makes of its head. Gives the heads.
pub(crate) async fn scripted(
    answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> (SocketAddr, UnboundedReceiver<String>) {
    scripted_at("127.0.0.1:0", answer).await.expect("a free port")
}

/// The same at this address, if the machine has it.
pub(crate) async fn scripted_at(
    address: &str,
    answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> Option<(SocketAddr, UnboundedReceiver<String>)> {
    let listener = TcpListener::bind(address).await.ok()?;
    let address = listener.local_addr().expect("an address");
    let (heads, requests) = unbounded_channel();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (heads, answer) = (heads.clone(), Arc::clone(&answer));
            tokio::spawn(async move {
                while let Some(head) = head(&mut stream).await {
                    let said = answer(&head);
                    let _ = heads.send(head);
                    if say(&mut stream, said).await.is_none() {
                        return;
                    }
                }
            });
        }
    });
    Some((address, requests))
}

/// The next request, without its body.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let lower = head.to_ascii_lowercase();
    if let Some((_, length)) = lower.split_once("content-length: ") {
        let length = length.split("\r\n").next()?.parse().ok()?;
        stream.read_exact(&mut vec![0; length]).await.ok()?;
    }
    Some(head)
}

async fn say(stream: &mut TcpStream, said: Answer) -> Option<()> {
    match said {
        Answer::Whole(status, headers, body) => {
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.ok()
        }
        Answer::Raw(bytes) => {
            stream.write_all(bytes.as_bytes()).await.ok()?;
            None
        }
        Answer::Endless => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await
                .ok()?;
            let chunk = [b"10000\r\n", &[b'4'; 0x10000][..], b"\r\n"].concat();
            while stream.write_all(&chunk).await.is_ok() {}
            None
        }
        Answer::Silence => Some(()),
    }
}

fn client(address: SocketAddr) -> ClientOptions {
    ClientOptions::new(&format!("http://{address}"))
        .config(|config| config.connect_timeout(Duration::from_secs(5)).upgrade(false))
        .transports([engineio::Transport::Polling])
}

/// Why there is no session with a server that always says this.
async fn setback(answer: Answer) -> ClientCloseReason {
    let (address, _requests) = scripted(move |_| answer).await;
    match within(engineio::connect(client(address))).await {
        Err(ConnectError::Closed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_engine_io_is_named_in_the_error() {
    for (body, says) in [
        ("<!doctype html><title>Hello</title>", "packet 0 of the payload"),
        ("", "the payload is empty"),
        ("0{", "JSON"),
        ("0{}", "sid"),
        (r#"0{"sid":"a/../b","pingInterval":1,"pingTimeout":1}"#, "sid"),
        ("4hello", "Message"),
        ("6", "Noop"),
        ("99999999999999999999:0{", "packet 0"),
    ] {
        let reason = setback(Answer::Whole(200, "", body)).await;
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{body}: {reason:?}");
        assert!(reason.to_string().contains(says), "{body}: {reason}");
    }
}

#[tokio::test]
async fn refusals_of_every_kind_have_their_status_and_body() {
    for (status, headers) in [(302, "Location: /elsewhere\r\n"), (404, ""), (500, "")] {
        let reason = setback(Answer::Whole(status, headers, "<html>no</html>")).await;
        let ClientCloseReason::Refused(refused) = reason else { panic!("{reason:?}") };
        assert_eq!((refused.status, &refused.body[..]), (status, &b"<html>no</html>"[..]));
    }
}

#[tokio::test]
async fn connection_that_is_cut_in_the_handshake_ends_the_attempt() {
    for bytes in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n0{\"sid\":"] {
        let reason = setback(Answer::Raw(bytes)).await;
        assert_eq!(reason, ClientCloseReason::Unreachable, "{bytes}");
    }
}

#[tokio::test]
async fn endless_body_is_given_up_at_the_limit() {
    let reason = setback(Answer::Endless).await;
    assert_eq!(reason, ClientCloseReason::Violation(Violation::TooLarge));
}

#[tokio::test]
async fn server_of_the_other_revision_is_recognised_and_auto_follows_it() {
    const V3: &str = r#"92:0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"x":1}2:40"#;
    const V4: &str = r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
    let (address, _requests) = scripted(|_| Answer::Whole(200, "", V3)).await;
    match within(engineio::connect(client(address))).await {
        Err(ConnectError::Closed {
            reason: ClientCloseReason::WrongRevision(Some(Revision::V3)),
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
    let mut followed = within(engineio::connect(client(address).revision(RevisionChoice::Auto)))
        .await
        .expect("a session");
    assert_eq!(followed.revision(), Some(Revision::V3));
    assert_eq!(within(followed.recv()).await, Some("0".into()));

    let (address, _requests) = scripted(|_| Answer::Whole(200, "", V4)).await;
    let old = client(address).revision(RevisionChoice::Only(Revision::V3));
    match within(engineio::connect(old)).await {
        Err(ConnectError::Closed {
            reason: ClientCloseReason::WrongRevision(Some(Revision::V4)),
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
}
