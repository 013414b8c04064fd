//! Servers that are none, or mean harm.

use std::time::Duration;

use peer::script::{Answer, Script};
use peer::within;

use super::{OPEN, client_of, failure, open};
use crate::engineio::{
    ClientCloseReason, ClientOptions, Revision, RevisionChoice, Transport, Violation,
};

fn client(server: &Script) -> ClientOptions {
    client_of(server)
        .config(|config| config.connect_timeout(Duration::from_secs(5)).upgrade(false))
        .transports([Transport::Polling])
}

/// One that even on a busy machine waits until the limit is met.
fn patient(server: &Script) -> ClientOptions {
    client(server).config(|config| config.connect_timeout(Duration::from_secs(60)))
}

/// Why there is no session with a server that always says this, and what the errors behind that say.
async fn said(answer: impl Fn() -> Answer + Send + Sync + 'static) -> (ClientCloseReason, String) {
    failure(client(&Script::new(move |_| answer()))).await
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
        let (reason, _) = said(move || Answer::ok(body)).await;
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{body}: {reason:?}");
        assert!(reason.to_string().contains(says), "{body}: {reason}");
    }
}

#[tokio::test]
async fn refusals_of_every_kind_have_their_status_and_body() {
    for (status, headers) in [(302, "Location: /elsewhere\r\n"), (404, ""), (500, "")] {
        let answer = move || Answer::Whole(status, headers, "<html>no</html>".to_owned());
        let (reason, _) = said(answer).await;
        let ClientCloseReason::Refused(refused) = reason else { panic!("{reason:?}") };
        assert_eq!((refused.status, &refused.body[..]), (status, &b"<html>no</html>"[..]));
    }
}

#[tokio::test]
async fn connection_that_is_cut_in_the_handshake_ends_the_attempt() {
    for bytes in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n0{\"sid\":"] {
        let (reason, said) = said(move || Answer::raw(bytes)).await;
        assert_eq!(reason, ClientCloseReason::Unreachable, "{bytes}");
        assert_ne!(said, "", "{bytes}");
    }
}

#[tokio::test]
async fn endless_body_is_given_up_at_the_limit() {
    let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (start, more) in [
        (start, "a\r\n4444444444\r\n"),
        (start, "1\r\n4\r\n"),
        ("HTTP/1.1 200 OK\r\n\r\n", "4444"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", "4444"),
    ] {
        let server = Script::new(move |_| Answer::Endless(start, more));
        let low = patient(&server).config(|config| config.max_payload(100_000));
        let (reason, _) = failure(low).await;
        assert_eq!(reason, ClientCloseReason::Violation(Violation::TooLarge), "{start}");
    }
    // The limit has a default.
    let chunk: &str = format!("10000\r\n{}\r\n", "4".repeat(0x10000)).leak();
    let server = Script::new(move |_| Answer::Endless(start, chunk));
    let (reason, _) = failure(patient(&server)).await;
    assert_eq!(reason, ClientCloseReason::Violation(Violation::TooLarge));
}

#[tokio::test]
async fn garbage_in_a_websocket_ends_the_session() {
    let server = Script::new(|_| {
        Answer::websocket(|mut socket| {
            socket.send(OPEN.into()).expect("a client");
            socket.get_mut().write_all(&[0xff; 1000]).expect("a client");
            while socket.read().is_ok() {}
        })
    });
    let client = open(client_of(&server).transports([Transport::WebSocket])).await;
    let reason = within(client.closed()).await;
    assert!(matches!(reason, ClientCloseReason::Violation(_)), "{reason:?}");
}

#[tokio::test]
async fn wrong_accept_key_is_no_websocket() {
    let server = Script::new(|_| {
        Answer::raw(
            "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
        )
    });
    let (reason, _) = failure(client_of(&server).transports([Transport::WebSocket])).await;
    assert!(matches!(reason, ClientCloseReason::Violation(_)), "{reason:?}");
}

#[tokio::test]
async fn server_of_the_other_revision_is_recognised_and_auto_follows_it() {
    const V3: &str = r#"92:0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"x":1}2:40"#;
    let old = || Script::new(|_| Answer::ok(V3));
    let (reason, _) = failure(client(&old())).await;
    assert_eq!(reason, ClientCloseReason::WrongRevision(Some(Revision::V3)));
    let mut followed = open(client(&old()).revision(RevisionChoice::Auto)).await;
    assert_eq!(followed.revision(), Some(Revision::V3));
    assert_eq!(within(followed.recv()).await, Some("0".into()));

    let new = Script::new(|_| Answer::ok(OPEN));
    let only_old = client(&new).revision(RevisionChoice::Only(Revision::V3));
    let (reason, _) = failure(only_old).await;
    assert_eq!(reason, ClientCloseReason::WrongRevision(Some(Revision::V4)));
}
