//! What is said in a session.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use engineio_sync::{ClientEvent, Message, RecvTimeoutError, SendError, Transport, TryRecvError};
use tungstenite::Message as Frame;

use super::script::{Answer, Script, Socket};
use super::{LONG, OPEN, OPEN_TO_UPGRADE, connected};

/// A server whose polls are answered with what is sent here.
fn polled() -> (Script, std::sync::mpsc::Sender<&'static str>) {
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
fn framed(talk: impl Fn(Socket) + Clone + Send + Sync + 'static) -> Script {
    Script::new(move |_| {
        let talk = talk.clone();
        Answer::websocket(move |mut socket| {
            socket.send(OPEN.into()).expect("a client");
            talk(socket);
        })
    })
}

/// Sends all messages back, up to the end.
fn echo(mut socket: Socket) {
    while let Ok(frame) = socket.read() {
        if frame.is_text() || frame.is_binary() {
            socket.send(frame).expect("a client");
        }
    }
}

fn messages() -> Vec<Message> {
    let long = "é".repeat(400_000);
    let bytes: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    vec![
        "text".into(),
        "é€😀".into(),
        "".into(),
        vec![0, 30, 255].into(),
        long.into(),
        bytes.into(),
    ]
}

#[test]
fn messages_go_both_ways_over_polling() {
    let (server, send) = polled();
    let mut client = connected(server.client());
    client.send("from the client").expect("an open session");
    assert_eq!(server.request_for("post").body, "4from the client");
    send.send("4one\x1e4two\x1ebAP8=").expect("a server");
    send.send("4three").expect("a server");
    let all: Vec<_> = client.messages().take(4).collect();
    assert_eq!(all, ["one".into(), "two".into(), vec![0, 255].into(), Message::from("three")]);
}

#[test]
fn messages_of_every_kind_come_back_over_a_websocket() {
    let server = framed(echo);
    let mut client = connected(server.client().transports([Transport::WebSocket]));
    for message in messages() {
        client.send(message).expect("an open session");
    }
    for message in messages() {
        assert_eq!(client.recv(), Some(message));
    }
    assert_eq!(client.transport(), Some(Transport::WebSocket));
}

#[test]
fn thousand_messages_from_four_threads_come_back_each_in_its_order() {
    let server = framed(echo);
    let mut client = connected(server.client().transports([Transport::WebSocket]));
    let senders: Vec<_> = (0..4)
        .map(|name| {
            let sender = client.sender();
            thread::spawn(move || {
                for number in 0..250 {
                    sender.send(format!("{name} {number}")).expect("an open session");
                }
            })
        })
        .collect();
    let mut next = [0; 4];
    for message in client.messages().take(1000) {
        let text = message.as_text().expect("text").to_owned();
        let (name, number) = text.split_once(' ').expect("two");
        let name: usize = name.parse().expect("a number");
        assert_eq!(number, next[name].to_string());
        next[name] += 1;
    }
    for sender in senders {
        sender.join().expect("no panic");
    }
}

#[test]
fn session_moves_to_a_websocket_and_its_messages_keep_their_order() {
    let (probed, hold) = channel();
    let hold = Mutex::new(hold);
    let (told, heard) = channel();
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
    let mut client = connected(server.client());
    assert_eq!(client.transport(), Some(Transport::Polling));
    let mut all = Vec::new();
    while all.len() < 4 {
        match client.event().expect("an open session") {
            ClientEvent::Message(message) => all.push(message.as_text().expect("text").to_owned()),
            ClientEvent::Upgrade(transport) => all.push(transport.to_string()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(all, ["one", "two", "websocket", "three"]);
    assert_eq!(client.transport(), Some(Transport::WebSocket));
    client.send("back").expect("an open session");
    assert_eq!(heard.recv_timeout(LONG).expect("a message"), Frame::text("4back"));
}

#[test]
fn refused_websocket_leaves_the_session_at_polling() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN_TO_UPGRADE),
        "post" => Answer::ok("ok"),
        "websocket" => Answer::Whole(403, "", "not here".to_owned()),
        _ => Answer::Silence,
    });
    let client = connected(server.client());
    server.request_for("websocket");
    client.send("still here").expect("an open session");
    assert_eq!(server.request_for("post").body, "4still here");
    assert_eq!(client.transport(), Some(Transport::Polling));
}

#[test]
fn what_comes_with_the_101_is_read() {
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
    let client = connected(server.client().transports([Transport::WebSocket]));
    assert_eq!(client.sid().expect("an open session").as_str(), "S");
}

#[test]
fn nothing_in_time_is_told_from_the_end() {
    let (server, send) = polled();
    let mut client = connected(server.client());
    assert_eq!(client.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(client.recv_timeout(Duration::from_millis(20)), Err(RecvTimeoutError::TimedOut));
    assert_eq!(client.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::TimedOut));

    send.send("4here\x1e4now").expect("a server");
    assert_eq!(client.recv_timeout(Duration::MAX), Ok("here".into()));
    assert_eq!(client.try_recv(), Ok("now".into()));
    assert_eq!(client.try_recv(), Err(TryRecvError::Empty));

    send.send("1").expect("a server");
    assert_eq!(client.recv_timeout(LONG), Err(RecvTimeoutError::Closed));
    assert_eq!(client.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(client.recv(), None);
    assert_eq!(client.messages().next(), None);
    assert_eq!(client.event(), None);
}

#[test]
fn sender_waits_for_room_while_the_server_does_not_read() {
    let (go, wait) = channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let server = framed(move |socket| {
        wait.lock().expect("no panic").recv().expect("a word");
        echo(socket);
    });
    let client = server.client().transports([Transport::WebSocket]);
    let mut client = connected(
        client.config(|config| config.outbox_low_water(50_000).outbox_high_water(100_000)),
    );
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
    let waiting = thread::spawn(move || sender.send(message));
    go.send(()).expect("a server");
    for _ in 0..=count {
        assert_eq!(client.recv().expect("an open session").len(), 90_000);
    }
    waiting.join().expect("no panic").expect("an open session");
}

#[test]
fn message_over_the_servers_limit_is_refused_here() {
    let open = OPEN.replace("}", r#","maxPayload":1000}"#);
    let server = Script::new(move |request| match request.kind() {
        "open" => Answer::ok(open.as_str()),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    });
    let client = connected(server.client());
    let refused = client.try_send("x".repeat(1000));
    assert!(matches!(refused, Err(SendError::TooLarge(_, 1000))), "{refused:?}");
    client.try_send("x".repeat(999)).expect("room");
    assert_eq!(server.request_for("post").body.len(), 1000);
}
