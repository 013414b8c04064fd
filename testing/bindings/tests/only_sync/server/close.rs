//! How a server stops.

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use peer::{Frame, Peer, get, session, until};

use super::{POLLING, WEBSOCKET, bind, builder, config, echo, echo_with};

const LONG: Duration = Duration::from_secs(20);

fn close(server: &engineio_sync::Server, at_most: Duration) -> thread::JoinHandle<()> {
    let server = server.clone();
    thread::spawn(move || server.close(at_most))
}

async fn join(thread: thread::JoinHandle<()>) {
    until(|| thread.is_finished()).await;
    thread.join().expect("no panic");
}

#[tokio::test]
async fn sessions_are_flushed_and_told_and_the_listener_is_closed() {
    for threads in [1, 2] {
        let (server, address) = echo_with(builder().io_threads(threads));
        let (mut websocket, _) = Peer::open_websocket(address).await;
        let (mut parked, target) = session(address).await;
        parked.send(get(&target)).await;
        let (mut between, between_target) = session(address).await;
        let idle = Peer::connect(address).await;
        until(|| server.connections() == 4).await;
        server.broadcast("last");
        assert_eq!(parked.answer().await.expect(200).text(), "4last");

        let closing = close(&server, LONG);
        for frame in [Frame::text("4last"), Frame::text("1"), Frame::Close(1001)] {
            assert_eq!(websocket.frame().await, frame);
        }
        websocket.say_close(1001).await;
        assert_eq!(websocket.rest().await.len(), 0);
        assert_eq!(parked.get(&target).await.expect(200).text(), "1");
        // One is left, that nobody has told: handshakes are refused, it is served.
        until(|| server.len() == 1).await;
        let mut late = Peer::connect(address).await;
        for answer in [late.get(POLLING).await, late.upgrade(WEBSOCKET).await] {
            assert!(answer.expect(503).header("retry-after").is_some());
        }
        let mut said = between.get(&between_target).await.expect(200).text().to_owned();
        if !said.ends_with('1') {
            said += between.get(&between_target).await.expect(200).text();
        }
        assert!(said.starts_with("4last") && said.ends_with('1'), "{said}");
        join(closing).await;
        assert_eq!(idle.rest().await.len(), 0);
        assert_eq!(late.rest().await.len(), 0);
        assert_eq!((server.len(), server.connections()), (0, 0));
        tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
    }
}

#[tokio::test]
async fn deadline_holds_whatever_the_peers_do() {
    let (server, address) = echo(config().linger(LONG)).await;
    let (_silent, _) = Peer::open_websocket(address).await;
    let mut half = Peer::connect(address).await;
    half.send("POST /engine.io/?EIO=4&transport=polling&sid=nobody HTTP/1.1\r\n").await;
    half.send("Host: test\r\nContent-Length: 10\r\n\r\nhalf").await;
    let (_never_polls, _) = session(address).await;
    until(|| server.len() == 2 && server.connections() == 3).await;
    join(close(&server, Duration::from_millis(400))).await;
    assert!(server.is_empty());
    until(|| server.connections() == 0).await;
}

#[tokio::test]
async fn closing_idle_io_threads_waits_for_nothing_and_can_be_repeated() {
    for threads in [1, 2] {
        let (server, _) = bind(builder().io_threads(threads));
        server.close(Duration::from_secs(3600));
        server.close(Duration::from_secs(3600));
        assert!(server.accept().is_none());
    }
}

/// The thread that closes is the one that would have to do the I/O.
#[tokio::test]
async fn closing_from_the_fallback_ends_in_time() {
    let handle = Arc::new(OnceLock::<engineio_sync::Server>::new());
    let closing = Arc::clone(&handle);
    let (server, address) = bind(builder().fallback(move |_| {
        let server = closing.get().expect("it was set before the first request");
        server.close(Duration::from_millis(200));
        http::Response::new("closed")
    }));
    handle.set(server).expect("it is set once");
    let mut peer = Peer::connect(address).await;
    peer.send(get("/")).await;
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{answer:?}");
}

#[tokio::test]
async fn connections_that_come_while_it_stops_are_dropped() {
    for _ in 0..10 {
        let (server, address) = bind(builder().io_threads(4));
        let flood = thread::spawn(move || {
            let connect = |_| std::net::TcpStream::connect(address).ok();
            (0..1000).map_while(connect).collect::<Vec<_>>()
        });
        until(|| server.connections() > 0).await;
        server.close(Duration::from_millis(50));
        until(|| server.connections() == 0).await;
        drop(flood.join().expect("no panic"));
    }
}
