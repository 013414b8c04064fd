//! How sessions end.

use std::sync::mpsc::channel;

use engineio_sync::{ClientCloseReason, SendError, Transport};
use tungstenite::Message as Frame;

use super::script::{Answer, Script, Seen};
use super::{LONG, OPEN, connected};

#[test]
fn dropped_client_sends_what_is_queued_and_ends_its_connections() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    });
    let client = connected(server.client());
    for number in 0..50 {
        client.try_send(number.to_string()).expect("room");
    }
    drop(client);
    let mut packets = Vec::new();
    let mut ends = 0;
    // One polls, one posts.
    while ends < 2 {
        match server.next() {
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

#[test]
fn dropped_client_closes_its_websocket_after_what_is_queued() {
    let (told, heard) = channel();
    let server = Script::new(move |_| {
        let told = told.clone();
        Answer::websocket(move |mut socket| {
            socket.send(OPEN.into()).expect("a client");
            while let Ok(frame) = socket.read() {
                let _ = told.send(frame);
            }
        })
    });
    let client = connected(server.client().transports([Transport::WebSocket]));
    client.try_send("last").expect("room");
    drop(client);
    let next = || heard.recv_timeout(LONG).expect("a frame");
    assert_eq!(next(), Frame::text("4last"));
    assert_eq!(next(), Frame::text("1"));
    assert!(next().is_close());
}

#[test]
fn client_whose_server_vanishes_ends() {
    let server = Script::new(|request| match request.kind() {
        "websocket" => Answer::websocket(|mut socket| {
            socket.send(OPEN.into()).expect("a client");
            socket.send("4last".into()).expect("a client");
        }),
        "open" => Answer::ok(format!("{OPEN}\x1e4last")),
        _ => Answer::raw(""),
    });
    for way in super::WAYS {
        let mut client = connected(server.client().transports(way));
        assert_eq!(client.recv(), Some("last".into()));
        assert_eq!(client.recv(), None);
        let reason = client.closed();
        assert!(
            matches!(reason, ClientCloseReason::TransportLost | ClientCloseReason::Server(_)),
            "{way:?}: {reason:?}"
        );
        assert_eq!(client.close_reason(), Some(reason));
        assert_eq!(client.transport(), None);
        let refused = client.send("too late");
        assert!(matches!(refused, Err(SendError::Closed(_))), "{refused:?}");
    }
}

#[test]
fn server_that_is_silent_ends_the_session_after_its_heartbeat() {
    const QUICK: &str = r#"0{"sid":"S","upgrades":[],"pingInterval":20,"pingTimeout":30}"#;
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(QUICK),
        "websocket" => Answer::websocket(|mut socket| {
            socket.send(QUICK.into()).expect("a client");
            let _ = socket.read();
        }),
        _ => Answer::Silence,
    });
    for way in super::WAYS {
        let client = connected(server.client().transports(way));
        assert_eq!(client.closed(), ClientCloseReason::PingTimeout, "{way:?}");
    }
}

#[test]
fn close_ends_the_session_and_wakes_whoever_waits() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    });
    let mut client = connected(server.client());
    let sender = client.sender();
    let waiting = std::thread::spawn(move || sender.closed());
    let closing = client.sender();
    let closer = std::thread::spawn(move || closing.close());
    assert_eq!(client.recv(), None);
    assert_eq!(waiting.join().expect("no panic"), ClientCloseReason::Application);
    closer.join().expect("no panic");
    assert_eq!(server.request_for("post").body, "1");
}

#[test]
fn sender_does_not_keep_the_session() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    });
    let client = connected(server.client());
    let sender = client.sender();
    drop(client);
    assert_eq!(sender.closed(), ClientCloseReason::Application);
    sender.flush();
    assert_eq!(sender.queued_bytes(), 0);
    assert!(matches!(sender.try_send("too late"), Err(SendError::Closed(_))));
}
