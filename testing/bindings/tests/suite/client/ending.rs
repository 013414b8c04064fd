//! How sessions end, with servers that are scripts.

use std::io::{Read, Write};
use std::time::Duration;

use peer::script::{Answer, Script, Seen};
use peer::within;
use tokio::sync::mpsc::unbounded_channel;
use tungstenite::Message as Frame;

use super::{OPEN, WAYS, client_of, open};
use crate::engineio::{ClientCloseReason, SendError, Transport, Violation};

#[tokio::test]
async fn dropped_client_sends_what_is_queued_and_ends_its_connections() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    });
    let client = open(client_of(&server)).await;
    for number in 0..50 {
        client.try_send(number.to_string()).expect("room");
    }
    drop(client);
    let mut packets = Vec::new();
    let mut ends = 0;
    // One polls, one posts.
    while ends < 2 {
        match server.next().await {
            Seen::Request(request) if request.kind() == "post" => {
                packets.extend(request.body.split('\x1e').map(str::to_owned));
            }
            Seen::Request(_) => {}
            Seen::End => ends += 1,
        }
    }
    let mut expected: Vec<_> = (0..50).map(|number| format!("4{number}")).collect();
    expected.push("1".to_owned());
    assert_eq!(packets, expected);
}

#[tokio::test]
async fn dropped_client_closes_its_websocket_after_what_is_queued() {
    let (told, mut heard) = unbounded_channel();
    let server = Script::new(move |_| {
        let told = told.clone();
        Answer::websocket(move |mut socket| {
            socket.send(OPEN.into()).expect("a client");
            while let Ok(frame) = socket.read() {
                let _ = told.send(frame);
            }
        })
    });
    let client = open(client_of(&server).transports([Transport::WebSocket])).await;
    client.try_send("last").expect("room");
    drop(client);
    let mut next = async || within(heard.recv()).await.expect("a frame");
    assert_eq!(next().await, Frame::text("4last"));
    assert_eq!(next().await, Frame::text("1"));
    assert!(next().await.is_close());
}

#[tokio::test]
async fn websocket_that_ends_by_a_fault_is_shut_down_at_once() {
    let (told, mut heard) = unbounded_channel();
    let server = Script::new(move |_| {
        let told = told.clone();
        Answer::websocket(move |mut socket| {
            socket.send(OPEN.into()).expect("a client");
            // Text that isn't UTF-8.
            socket.get_mut().write_all(&[0x81, 2, b'4', 0xff]).expect("a client");
            let mut rest = Vec::new();
            let end = socket.get_mut().read_to_end(&mut rest);
            told.send((end.map(drop), rest)).expect("a test");
        })
    });
    let client = client_of(&server).transports([Transport::WebSocket]);
    let client = open(client.config(|config| config.linger(Duration::MAX))).await;
    let reason = within(client.closed()).await;
    assert_eq!(reason, ClientCloseReason::Violation(Violation::Framing));
    let (end, rest) = within(heard.recv()).await.expect("an end");
    end.expect("no reset");
    // A close frame, masked.
    assert_eq!((rest[0], rest[1], rest.len()), (0x88, 0x82, 8));
}

#[tokio::test]
async fn client_whose_server_vanishes_ends() {
    let server = Script::new(|request| match request.kind() {
        "websocket" => Answer::websocket(|mut socket| {
            socket.send(OPEN.into()).expect("a client");
            socket.send("4last".into()).expect("a client");
        }),
        "open" => Answer::ok(format!("{OPEN}\x1e4last")),
        _ => Answer::raw(""),
    });
    for way in WAYS {
        let mut client = open(client_of(&server).transports(way)).await;
        assert_eq!(within(client.recv()).await, Some("last".into()));
        assert_eq!(within(client.recv()).await, None);
        let reason = within(client.closed()).await;
        assert!(
            matches!(reason, ClientCloseReason::TransportLost | ClientCloseReason::Server(_)),
            "{way:?}: {reason:?}"
        );
        assert_eq!(client.close_reason(), Some(reason));
        assert_eq!(client.transport(), None);
        let refused = within(client.send("too late")).await;
        assert!(matches!(refused, Err(SendError::Closed(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn server_that_is_silent_ends_the_session_after_its_heartbeat() {
    const QUICK: &str = r#"0{"sid":"S","upgrades":[],"pingInterval":20,"pingTimeout":30}"#;
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(QUICK),
        "websocket" => Answer::websocket(|mut socket| {
            socket.send(QUICK.into()).expect("a client");
            let _ = socket.read();
        }),
        _ => Answer::Silence,
    });
    for way in WAYS {
        let client = open(client_of(&server).transports(way)).await;
        assert_eq!(within(client.closed()).await, ClientCloseReason::PingTimeout, "{way:?}");
    }
}

#[tokio::test]
async fn close_ends_the_session_and_wakes_whoever_waits() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    });
    let mut client = open(client_of(&server)).await;
    let sender = client.sender();
    let waiting = tokio::spawn(async move { sender.closed().await });
    let closing = client.sender();
    tokio::spawn(async move { closing.close() });
    assert_eq!(within(client.recv()).await, None);
    assert_eq!(within(waiting).await.expect("no panic"), ClientCloseReason::Application);
    assert_eq!(server.request_for("post").await.body, "1");
}

#[tokio::test]
async fn sender_does_not_keep_the_session() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    });
    let client = open(client_of(&server)).await;
    let sender = client.sender();
    drop(client);
    assert_eq!(within(sender.closed()).await, ClientCloseReason::Application);
    within(sender.flush()).await;
    assert_eq!(sender.queued_bytes(), 0);
    assert!(matches!(sender.try_send("too late"), Err(SendError::Closed(_))));
}
