//! The handles of a session, which wait where a task would.

use std::thread;
use std::time::Duration;

use engineio_sync::{
    Message, RecvTimeoutError, SendError, ServerCloseReason, Transport, TryRecvError,
};
use peer::{Frame, Peer, session, until, within};

use super::{bind, builder, config};

/// A session on a WebSocket, and its socket.
async fn opened(builder: engineio_sync::ServerBuilder) -> (Peer, engineio_sync::Socket) {
    let (server, address) = bind(builder);
    let accepting = thread::spawn(move || {
        let socket = server.accept();
        // It lives as long as the test.
        std::mem::forget(server);
        socket
    });
    let (peer, _) = Peer::open_websocket(address).await;
    (peer, accepting.join().expect("no panic").expect("a client"))
}

#[tokio::test]
async fn recv_waits_for_what_comes() {
    let (mut peer, mut socket) = opened(builder()).await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let reading = thread::spawn(move || {
        for message in socket.messages() {
            tell.send(message).expect("a test that listens");
        }
        socket.close_reason()
    });
    for text in ["one", "two"] {
        peer.say(&format!("4{text}")).await;
        assert_eq!(within(told.recv()).await, Some(Message::from(text)));
    }
    peer.say("1").await;
    assert_eq!(within(told.recv()).await, None);
    assert_eq!(reading.join().expect("no panic"), Some(ServerCloseReason::Peer(None)));
}

#[tokio::test]
async fn recv_timeout_gives_up_and_loses_nothing() {
    let (mut peer, mut socket) = opened(builder()).await;
    assert_eq!(socket.recv_timeout(Duration::from_millis(10)), Err(RecvTimeoutError::TimedOut));
    assert_eq!(socket.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::TimedOut));
    peer.say("4hello").await;
    let long = Duration::from_secs(20);
    assert_eq!(socket.recv_timeout(long), Ok("hello".into()));
    assert_eq!(socket.recv_timeout(Duration::from_millis(10)), Err(RecvTimeoutError::TimedOut));
    peer.say("1").await;
    assert_eq!(socket.recv_timeout(Duration::MAX), Err(RecvTimeoutError::Closed));
}

#[tokio::test]
async fn try_recv_never_waits() {
    let (mut peer, mut socket) = opened(builder()).await;
    assert_eq!(socket.try_recv(), Err(TryRecvError::Empty));
    peer.say("4hello").await;
    let mut heard = Err(TryRecvError::Empty);
    until(|| {
        heard = socket.try_recv();
        heard.is_ok()
    })
    .await;
    assert_eq!(heard, Ok("hello".into()));
    drop(peer);
    until(|| socket.close_reason().is_some()).await;
    assert_eq!(socket.try_recv(), Err(TryRecvError::Closed));
}

#[tokio::test]
async fn send_waits_for_room_and_try_send_does_not() {
    let config = config()
        .outbox_low_water(100)
        .outbox_high_water(1000)
        .build()
        .expect("a legal configuration");
    let (mut peer, socket) = opened(engineio_sync::Server::builder(config)).await;
    // More than the kernel's buffers hold.
    let large = "x".repeat(60_000);
    let sender = socket.sender();
    let text = large.clone();
    let sending = thread::spawn(move || {
        for _ in 0..500 {
            sender.send(text.clone()).expect("an open session");
        }
        sender.flush();
        sender.queued_bytes()
    });
    until(|| matches!(socket.try_send("more"), Err(SendError::Full(_)))).await;
    assert!(!sending.is_finished());
    let mut count = 0;
    while count < 500 {
        match peer.frame().await {
            Frame::Text(text) if text.len() > 60_000 => count += 1,
            Frame::Text(text) => assert_eq!(text, "4more"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sending.join().expect("no panic"), 0);
}

#[tokio::test]
async fn senders_wait_for_the_end_and_hear_why() {
    let (mut peer, socket) = opened(builder()).await;
    assert_eq!(socket.transport(), Some(Transport::WebSocket));
    let senders = [socket.sender(), socket.sender()];
    let waiting = senders.map(|sender| thread::spawn(move || sender.closed()));
    peer.say("1").await;
    for thread in waiting {
        assert_eq!(thread.join().expect("no panic"), ServerCloseReason::Peer(None));
    }
    assert!(matches!(socket.send("late"), Err(SendError::Closed(_))));
}

#[tokio::test]
async fn dropping_the_socket_closes_and_detaching_does_not() {
    let (mut peer, socket) = opened(builder()).await;
    drop(socket);
    assert_eq!(peer.frame().await, Frame::text("1"));

    let (server, address) = bind(builder());
    let accepting = server.clone();
    let accepting = thread::spawn(move || accepting.accept().map(|socket| socket.detach()));
    let (mut peer, _) = Peer::open_websocket(address).await;
    accepting.join().expect("no panic").expect("a client");
    server.broadcast("hello");
    assert_eq!(peer.frame().await, Frame::text("4hello"));
}

#[tokio::test]
async fn several_threads_may_accept() {
    let (server, address) = bind(builder().io_threads(2));
    let accepting = [(); 3].map(|()| {
        let server = server.clone();
        thread::spawn(move || {
            let mut count = 0;
            while let Some(socket) = server.accept() {
                socket.send("hello").expect("an open session");
                socket.detach();
                count += 1;
            }
            count
        })
    });
    let mut peers = Vec::new();
    for _ in 0..20 {
        let (mut peer, target) = session(address).await;
        assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
        peers.push(peer);
    }
    server.close(Duration::ZERO);
    let counts = accepting.map(|thread| thread.join().expect("no panic"));
    assert_eq!(counts.iter().sum::<usize>(), 20);
}
