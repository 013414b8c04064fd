//! What is said in a session, with servers that are scripts.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use peer::script::{Answer, Script, WebSocket};
use peer::within;
use tokio::sync::mpsc::unbounded_channel;
use tungstenite::Message as Frame;

use super::{OPEN, OPEN_TO_UPGRADE, client_of, open};
use crate::engineio::{ClientEvent, Message, SendError, Transport};

/// A server whose polls are answered with what is sent here.
fn polled() -> (Script, Sender<&'static str>) {
    let (send, queue) = channel();
    let queue = Mutex::new(queue);
    let server = Script::new(move |request| match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => match queue.lock().expect("no panic").recv() {
            Ok(payload) => Answer::ok(payload),
            Err(_) => Answer::Silence,
        },
    });
    (server, send)
}

/// A server of nothing but WebSockets.
fn framed(talk: impl Fn(WebSocket) + Clone + Send + Sync + 'static) -> Script {
    Script::new(move |_| {
        let talk = talk.clone();
        Answer::websocket(move |mut socket| {
            socket.send(OPEN.into()).expect("a client");
            talk(socket);
        })
    })
}

/// Sends all messages back, up to the end.
fn echo(mut socket: WebSocket) {
    while let Ok(frame) = socket.read() {
        if frame.is_text() || frame.is_binary() {
            socket.send(frame).expect("a client");
        }
    }
}

#[tokio::test]
async fn messages_go_both_ways_over_polling() {
    let (server, send) = polled();
    let mut client = open(client_of(&server)).await;
    within(client.send("from the client")).await.expect("an open session");
    assert_eq!(server.request_for("post").await.body, "4from the client");
    send.send("4one\x1e4two\x1ebAP8=").expect("a server");
    send.send("4three").expect("a server");
    for message in ["one".into(), "two".into(), vec![0, 255].into(), Message::from("three")] {
        assert_eq!(within(client.recv()).await, Some(message));
    }
}

#[tokio::test]
async fn base64_with_line_breaks_is_taken() {
    let (server, send) = polled();
    let mut client = open(client_of(&server)).await;
    send.send("4one\x1ebAP\r\n8=\n\x1e4two").expect("a server");
    for message in [Message::from("one"), vec![0, 255].into(), "two".into()] {
        assert_eq!(within(client.recv()).await, Some(message));
    }
}

#[tokio::test]
async fn messages_of_every_kind_come_back_over_a_websocket() {
    let server = framed(echo);
    let mut client = open(client_of(&server).transports([Transport::WebSocket])).await;
    for message in super::talking::messages() {
        within(client.send(message)).await.expect("an open session");
    }
    for message in super::talking::messages() {
        assert_eq!(within(client.recv()).await, Some(message));
    }
    assert_eq!(client.transport(), Some(Transport::WebSocket));
}

#[tokio::test]
async fn thousand_messages_from_four_senders_come_back_each_in_its_order() {
    let server = framed(echo);
    let mut client = open(client_of(&server).transports([Transport::WebSocket])).await;
    let senders: Vec<_> = (0..4)
        .map(|name| {
            let sender = client.sender();
            tokio::spawn(async move {
                for number in 0..250 {
                    sender.send(format!("{name} {number}")).await.expect("an open session");
                }
            })
        })
        .collect();
    let mut next = [0; 4];
    for _ in 0..1000 {
        let message = within(client.recv()).await.expect("an open session");
        let text = message.as_text().expect("text").to_owned();
        let (name, number) = text.split_once(' ').expect("two");
        let name: usize = name.parse().expect("a number");
        assert_eq!(number, next[name].to_string());
        next[name] += 1;
    }
    for sender in senders {
        within(sender).await.expect("no panic");
    }
}

#[tokio::test]
async fn session_moves_to_a_websocket_and_its_messages_keep_their_order() {
    let (probed, hold) = channel();
    let hold = Mutex::new(hold);
    let (told, mut heard) = unbounded_channel();
    let server = Script::new(move |request| match request.kind() {
        "open" => Answer::ok(format!("{OPEN_TO_UPGRADE}\x1e4one")),
        "poll" => {
            // It is held until there is a probe.
            hold.lock().expect("no panic").recv().expect("a probe");
            Answer::ok("4two")
        }
        "post" => Answer::ok("ok"),
        _ => {
            let (probed, told) = (probed.clone(), told.clone());
            Answer::websocket(move |mut socket| {
                assert_eq!(socket.read().expect("a probe"), Frame::text("2probe"));
                socket.send("3probe".into()).expect("a client");
                probed.send(()).expect("a poll");
                assert_eq!(socket.read().expect("an upgrade"), Frame::text("5"));
                socket.send("4three".into()).expect("a client");
                while let Ok(frame) = socket.read() {
                    let _ = told.send(frame);
                }
            })
        }
    });
    let mut client = open(client_of(&server)).await;
    assert_eq!(client.transport(), Some(Transport::Polling));
    let mut all = Vec::new();
    while all.len() < 4 {
        match within(client.event()).await.expect("an open session") {
            ClientEvent::Message(message) => all.push(message.as_text().expect("text").to_owned()),
            ClientEvent::Upgrade(transport) => all.push(transport.to_string()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(all, ["one", "two", "websocket", "three"]);
    assert_eq!(client.transport(), Some(Transport::WebSocket));
    within(client.send("back")).await.expect("an open session");
    assert_eq!(within(heard.recv()).await.expect("a message"), Frame::text("4back"));
}

#[tokio::test]
async fn refused_websocket_leaves_the_session_at_polling() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN_TO_UPGRADE),
        "post" => Answer::ok("ok"),
        "websocket" => Answer::Whole(403, "", "not here".to_owned()),
        _ => Answer::Silence,
    });
    let client = open(client_of(&server)).await;
    server.request_for("websocket").await;
    within(client.send("still here")).await.expect("an open session");
    assert_eq!(server.request_for("post").await.body, "4still here");
    assert_eq!(client.transport(), Some(Transport::Polling));
}

#[tokio::test]
async fn what_comes_with_the_101_is_read() {
    let server = Script::new(|request| {
        let key = request.header("sec-websocket-key").expect("a key");
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        let mut bytes = format!(
            "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .into_bytes();
        bytes.extend([0x81, u8::try_from(OPEN.len()).expect("a short one")]);
        bytes.extend(OPEN.as_bytes());
        Answer::Raw(bytes)
    });
    let client = open(client_of(&server).transports([Transport::WebSocket])).await;
    assert_eq!(client.sid().expect("an open session").as_str(), "S");
}

#[tokio::test]
async fn sender_waits_for_room_while_the_server_does_not_read() {
    let (go, wait) = channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let server = framed(move |socket| {
        wait.lock().expect("no panic").recv().expect("a word");
        echo(socket);
    });
    let client = client_of(&server).transports([Transport::WebSocket]);
    let mut client =
        open(client.config(|config| config.outbox_low_water(50_000).outbox_high_water(100_000)))
            .await;
    let message = Message::from("x".repeat(90_000));
    let mut count = 0;
    let full = loop {
        match client.try_send(message.clone()) {
            Ok(()) => count += 1,
            Err(error) => break error,
        }
        assert!(count < 10_000, "the socket's buffers aren't that large");
    };
    assert!(matches!(full, SendError::Full(_)), "{full:?}");
    let sender = client.sender();
    let waiting = tokio::spawn(async move { sender.send(message).await });
    go.send(()).expect("a server");
    for _ in 0..=count {
        assert_eq!(within(client.recv()).await.expect("an open session").len(), 90_000);
    }
    within(waiting).await.expect("no panic").expect("an open session");
}
