//! A server whose I/O is done by the thread that holds its driver.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use engineio_sync::{
    Driver, Events, SendError, Server, ServerBuilder, ServerCloseReason, ServerEvent, TryRecvError,
};
use peer::{Frame, Peer, get, session, until, upgrade, within};

use super::{POLLING, WEBSOCKET, bind, builder, config};

fn driven(builder: ServerBuilder) -> (Server, Driver, SocketAddr) {
    let (server, driver) = builder.bind_driven("127.0.0.1:0").expect("a free port");
    let address = server.local_addr();
    (server, driver, address)
}

const NOW: Option<Duration> = Some(Duration::ZERO);

/// Runs frames of a game until it has heard something.
async fn frames_until_heard(driver: &mut Driver, events: &mut Events) -> ServerEvent {
    within(async {
        loop {
            driver.turn(NOW);
            match events.try_next() {
                Ok(event) => return event,
                Err(error) => assert_eq!(error, TryRecvError::Empty),
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
}

#[tokio::test]
async fn game_loop_does_the_io_itself() {
    let (server, mut driver, address) = driven(builder());
    let mut events = server.events();
    assert!(matches!(events.try_next(), Err(TryRecvError::Empty)));
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let ServerEvent::Connect(sender) = frames_until_heard(&mut driver, &mut events).await else {
        panic!("no connect");
    };
    sender.try_send("hello").expect("an open session");
    driver.turn(NOW);
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    assert_eq!(peer.frame().await, Frame::text("4hello"));
    peer.say("4move").await;
    let event = frames_until_heard(&mut driver, &mut events).await;
    assert!(matches!(event, ServerEvent::Message(from, _) if from == sender));
    drop(peer);
    let event = frames_until_heard(&mut driver, &mut events).await;
    assert!(matches!(event, ServerEvent::Disconnect(from, _) if from == sender));
    driver.close(Duration::from_secs(1));
    assert!(matches!(events.try_next(), Err(TryRecvError::Closed)));
}

#[tokio::test]
async fn what_is_sent_at_the_end_of_a_frame_leaves_with_that_frame() {
    let (server, mut driver, address) = driven(builder());
    let mut events = server.events();
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let ServerEvent::Connect(sender) = frames_until_heard(&mut driver, &mut events).await else {
        panic!("no connect");
    };
    driver.turn(NOW);
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    for frame in 0..10 {
        driver.turn(NOW);
        sender.try_send(frame.to_string()).expect("room");
        server.broadcast("all");
        driver.turn(NOW);
        // No further turn is taken for them.
        assert_eq!(peer.frame().await, Frame::text(&format!("4{frame}")));
        assert_eq!(peer.frame().await, Frame::text("4all"));
    }
}

#[tokio::test]
async fn other_threads_wait_while_one_drives() {
    let (server, driver, address) = driven(builder());
    let driving = thread::spawn(move || driver.run());
    let accepting = server.clone();
    let accepting = thread::spawn(move || {
        let mut threads = Vec::new();
        while let Some(mut socket) = accepting.accept() {
            threads.push(thread::spawn(move || {
                let mut count = 0;
                while let Some(message) = socket.recv() {
                    socket.send(message).expect("an open session");
                    count += 1;
                }
                count
            }));
        }
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum::<usize>()
    });
    let mut peers = Vec::new();
    for _ in 0..4 {
        peers.push(Peer::open_websocket(address).await.0);
    }
    for _ in 0..20 {
        for peer in &mut peers {
            peer.say("4hello").await;
            assert_eq!(peer.frame().await, Frame::text("4hello"));
        }
    }
    drop(peers);
    server.close(Duration::from_secs(5));
    assert_eq!(accepting.join().expect("no panic"), 80);
    driving.join().expect("no panic");
}

#[tokio::test]
async fn polling_is_served_by_whoever_drives() {
    let (server, driver, address) = driven(builder());
    let events = server.events();
    let driving = thread::spawn(move || driver.run());
    let answering = thread::spawn(move || {
        for event in events {
            if let ServerEvent::Message(sender, message) = event {
                sender.send(message).expect("an open session");
            }
        }
    });
    let (mut peer, target) = session(address).await;
    for _ in 0..50 {
        peer.post(&target, "4hello").await.expect(200);
        assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    }
    server.close(Duration::from_secs(1));
    answering.join().expect("no panic");
    driving.join().expect("no panic");
}

#[tokio::test]
async fn nothing_that_tries_waits() {
    let marks = config().outbox_low_water(100).outbox_high_water(100);
    let (server, mut driver, address) =
        driven(Server::builder(marks.build().expect("a legal configuration")));
    assert!(matches!(server.try_accept(), Err(TryRecvError::Empty)));
    let mut peer = Peer::connect(address).await;
    peer.send(get(POLLING)).await;
    let mut accepted = None;
    until(|| {
        driver.turn(NOW);
        accepted = server.try_accept().ok();
        accepted.is_some()
    })
    .await;
    let mut socket = accepted.expect("a client");
    assert_eq!(socket.try_recv(), Err(TryRecvError::Empty));
    socket.try_send("x".repeat(200)).expect("room for one");
    assert!(matches!(socket.try_send("more"), Err(SendError::Full(_))));
    driver.close(Duration::ZERO);
    assert_eq!(socket.try_recv(), Err(TryRecvError::Closed));
    assert!(matches!(server.try_incoming(), Err(TryRecvError::Closed)));
}

#[tokio::test]
async fn dropping_the_driver_ends_all_sessions() {
    let (server, mut driver, address) = driven(builder());
    let mut events = server.events();
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let event = frames_until_heard(&mut driver, &mut events).await;
    assert!(matches!(event, ServerEvent::Connect(_)));
    drop(driver);
    let told = events.next();
    assert!(
        matches!(
            told,
            Some(ServerEvent::Disconnect(
                _,
                ServerCloseReason::Shutdown | ServerCloseReason::TransportLost
            ))
        ),
        "{told:?}"
    );
    assert!(events.next().is_none());
    assert!(server.is_empty());
}

#[tokio::test]
async fn last_handle_ends_the_server() {
    for threads in [1, 3] {
        let (server, address) = bind(builder().io_threads(threads));
        let mut events = server.events();
        let idle = Peer::connect(address).await;
        drop(server);
        let mut peer = Peer::connect(address).await;
        peer.send(get(POLLING)).await;
        // The events keep it: this client still gets its session.
        assert!(matches!(events.next(), Some(ServerEvent::Connect(_))));
        peer.answer().await.expect(200);
        drop(events);
        assert_eq!(idle.rest().await.len(), 0);
        assert_eq!(peer.rest().await.len(), 0);
        within(async {
            while tokio::net::TcpStream::connect(address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
    let (server, mut driver, _) = driven(builder());
    assert!(driver.turn(NOW));
    drop(server);
    assert!(!driver.turn(NOW));
}

#[tokio::test]
async fn closing_from_the_fallback_ends_in_time() {
    let handle = Arc::new(OnceLock::<Server>::new());
    let closing = Arc::clone(&handle);
    let (server, driver, address) = driven(builder().fallback(move |_| {
        let server = closing.get().expect("it was set before the first request");
        server.close(Duration::from_millis(100));
        http::Response::new("closed")
    }));
    handle.set(server.clone()).expect("it is set once");
    let driving = thread::spawn(move || driver.run());
    let waiting = thread::spawn(move || server.accept().is_none());
    let mut peer = Peer::connect(address).await;
    peer.send(get("/")).await;
    until(|| waiting.is_finished() && driving.is_finished()).await;
    assert!(waiting.join().expect("no panic"));
    driving.join().expect("no panic");
}

#[tokio::test]
async fn closing_at_once_closes_the_listener_too() {
    let (server, driver, address) = driven(builder());
    let idle = Peer::connect(address).await;
    driver.close(Duration::ZERO);
    assert_eq!(server.connections(), 0);
    assert_eq!(idle.rest().await.len(), 0);
    tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
}

#[test]
fn no_thread_and_no_driver_is_an_error() {
    let error = builder().io_threads(0).bind::<()>("127.0.0.1:0").expect_err("nobody does the I/O");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
