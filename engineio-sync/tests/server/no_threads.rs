//! A server whose I/O is done by whoever waits.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use engineio_sync::{SendError, Server, ServerEvent};

use crate::peer::{Frame, Peer, get, session, until, upgrade};
use crate::{POLLING, WEBSOCKET, bind, builder, config};

/// Runs frames of a game until it has heard something.
async fn frames_until_heard(events: &mut engineio_sync::Events) -> ServerEvent {
    crate::peer::within(async {
        loop {
            if let Some(event) = events.try_next() {
                return event;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
}

#[tokio::test]
async fn game_loop_does_the_io_itself() {
    let (server, address) = bind(builder().io_threads(0));
    let mut events = server.events();
    assert!(events.try_next().is_none());
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let ServerEvent::Connect(sid) = frames_until_heard(&mut events).await else {
        panic!("no connect");
    };
    server.send(&sid, "hello").expect("an open session");
    assert!(events.try_next().is_none(), "this frame sends what was said");
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    assert_eq!(peer.frame().await, Frame::text("4hello"));
    peer.say("4move").await;
    let event = frames_until_heard(&mut events).await;
    assert!(matches!(event, ServerEvent::Message(from, _) if from == sid));
    drop(peer);
    let event = frames_until_heard(&mut events).await;
    assert!(matches!(event, ServerEvent::Disconnect(from, _) if from == sid));
}

#[tokio::test]
async fn whoever_waits_for_events_carries_the_io() {
    let (server, address) = bind(builder().io_threads(0));
    let app = server.clone();
    let serving = thread::spawn(move || {
        for event in app.events() {
            if let ServerEvent::Message(sid, message) = event {
                app.send(&sid, message).expect("an open session");
            }
        }
    });
    let (mut peer, target) = session(address).await;
    for _ in 0..50 {
        peer.post(&target, "4hello").await.expect(200);
        assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    }
    server.close(Duration::from_secs(1));
    serving.join().expect("no panic");
}

#[tokio::test]
async fn several_threads_that_wait_take_turns_with_the_io() {
    let (server, address) = bind(builder().io_threads(0));
    let accepting = server.clone();
    let accepting = thread::spawn(move || {
        let mut threads = Vec::new();
        while let Some(mut socket) = accepting.accept() {
            threads.push(thread::spawn(move || {
                let mut count = 0;
                while let Some(message) = socket.recv() {
                    socket.send(message).expect("an open session with room");
                    count += 1;
                    // Whoever carried the I/O up to now isn't there for a while.
                    thread::sleep(Duration::from_millis(1));
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
}

#[tokio::test]
async fn send_is_full_where_it_would_have_to_wait_for_itself() {
    let config = config()
        .outbox_low_water(100)
        .outbox_high_water(100)
        .build()
        .expect("a legal configuration");
    let (server, address) = bind(Server::builder(config).io_threads(0));
    let mut peer = Peer::connect(address).await;
    peer.send(get(POLLING)).await;
    let socket = server.accept().expect("a client");
    socket.send("x".repeat(200)).expect("room for one");
    assert!(matches!(socket.send("more"), Err(SendError::Full(_))));
}

#[tokio::test]
async fn the_last_handle_ends_the_server() {
    for threads in [0, 1, 3] {
        let (server, address) = bind(builder().io_threads(threads));
        let events = server.events();
        let idle = Peer::connect(address).await;
        drop(server);
        let mut peer = Peer::connect(address).await;
        peer.send(get(POLLING)).await;
        // The events keep it: this client still gets its session.
        let mut events_of = events;
        frames_until_heard(&mut events_of).await;
        assert!(events_of.try_next().is_none());
        peer.answer().await.expect(200);
        drop(events_of);
        assert_eq!(idle.rest().await.len(), 0);
        assert_eq!(peer.rest().await.len(), 0);
        crate::peer::within(async {
            while tokio::net::TcpStream::connect(address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
}

/// A thread that tries now and then is no leader that others could rely on.
#[tokio::test]
async fn thread_that_waits_takes_over_from_one_that_tries() {
    for _ in 0..10 {
        let (server, address) = bind(builder().io_threads(0));
        let mut trying = server.events();
        let mut waiting = trying.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let tries = thread::spawn(move || {
            while !stopping.load(Relaxed) {
                assert!(trying.try_next().is_none());
            }
            trying
        });
        let waits = thread::spawn(move || waiting.next().is_some());
        thread::sleep(Duration::from_millis(10));
        stop.store(true, Relaxed);
        let busy_elsewhere = tries.join().expect("no panic");
        Peer::connect(address).await.get(POLLING).await.expect(200);
        until(|| waits.is_finished()).await;
        assert!(waits.join().expect("no panic"));
        drop(busy_elsewhere);
    }
}

#[tokio::test]
async fn closing_from_the_fallback_ends_in_time() {
    let handle = Arc::new(OnceLock::<Server>::new());
    let closing = Arc::clone(&handle);
    let (server, address) = bind(builder().io_threads(0).fallback(move |_| {
        let server = closing.get().expect("it was set before the first request");
        server.close(Duration::from_millis(100));
        http::Response::new("closed")
    }));
    handle.set(server.clone()).expect("it is set once");
    let waiting = thread::spawn(move || server.accept().is_none());
    let mut peer = Peer::connect(address).await;
    peer.send(get("/")).await;
    until(|| waiting.is_finished()).await;
    assert!(waiting.join().expect("no panic"));
}

#[tokio::test]
async fn closing_at_once_closes_the_listener_too() {
    let (server, address) = bind(builder().io_threads(0));
    let idle = Peer::connect(address).await;
    assert!(server.events().try_next().is_none());
    server.close(Duration::ZERO);
    assert_eq!(server.connections(), 0);
    assert_eq!(idle.rest().await.len(), 0);
    tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
}

#[tokio::test]
async fn waiting_for_no_time_moves_what_is_there() {
    let (server, address) = bind(builder().io_threads(0));
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let mut socket = server.accept().expect("a client");
    peer.say("4hello").await;
    let mut heard = Err(engineio_sync::TimedOut);
    until(|| {
        heard = socket.recv_timeout(Duration::ZERO);
        heard.is_ok()
    })
    .await;
    assert_eq!(heard, Ok(Some("hello".into())));
}
