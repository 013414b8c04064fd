//! Peers that take their time, or leave at a bad moment.

use std::time::Duration;

use peer::{Peer, get, post, session, until};

use super::{POLLING, WEBSOCKET, builder, config, echo, echo_with};

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn slow_head_is_408_and_the_end() {
    let (server, address) = echo_with(builder().head_timeout(SHORT));
    let mut peer = Peer::connect(address).await;
    peer.send("GET / HTTP/1.1\r\nHost:").await;
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{answer:?}");
    until(|| server.connections() == 0).await;
}

#[tokio::test]
async fn head_that_comes_by_and_by_has_no_more_time() {
    let (server, address) = echo_with(builder().head_timeout(SHORT));
    let mut peer = Peer::connect(address).await;
    peer.send("GET / HTTP/1.1\r\nHost: test\r\n").await;
    until(|| server.connections() == 1).await;
    // The server stops reading at some point, and this peer hears why.
    while server.connections() == 1 {
        peer.send("X: y\r\n").await;
        tokio::time::sleep(SHORT / 10).await;
        if peer.readable_now().await {
            break;
        }
    }
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{answer:?}");
}

#[tokio::test]
async fn connection_that_says_nothing_is_closed() {
    let (server, address) = echo_with(builder().head_timeout(SHORT));
    let silent = Peer::connect(address).await;
    assert_eq!(silent.rest().await.len(), 0);
    until(|| server.connections() == 0).await;
}

#[tokio::test]
async fn slow_body_for_another_path_is_408() {
    let config = config().body_timeout(SHORT).build().expect("a legal configuration");
    let builder = engineio_sync::Server::builder(config);
    let (server, address) = echo_with(builder.fallback(|_| http::Response::new("a page")));
    let mut peer = Peer::connect(address).await;
    peer.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhell").await;
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{answer:?}");
    until(|| server.connections() == 0).await;
}

#[tokio::test]
async fn peer_that_ended_its_side_gets_the_answers_that_are_there() {
    let (server, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    peer.send(format!("{}{}", post(&target, "6"), post(&target, "4hello"))).await;
    peer.finish().await;
    let answers = String::from_utf8(peer.rest().await.to_vec()).expect("UTF-8");
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
    until(|| server.connections() == 0).await;
    let mut again = Peer::connect(address).await;
    assert_eq!(again.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn peer_that_ended_its_side_while_its_poll_waits_is_gone() {
    let (server, address) = echo(config().poll_grace(Duration::from_millis(20))).await;
    let (mut peer, target) = session(address).await;
    peer.send(get(&target)).await;
    peer.finish().await;
    assert_eq!(peer.rest().await.len(), 0);
    until(|| server.is_empty() && server.connections() == 0).await;
}

/// Each request is cut after each of its bytes.
#[tokio::test]
async fn reset_at_every_point_of_a_request_leaves_nothing_behind() {
    let config = config()
        .poll_grace(Duration::from_millis(20))
        .upgrade_timeout(Duration::from_millis(20))
        .ping_interval(Duration::from_millis(200))
        .ping_timeout(Duration::from_millis(200));
    let (server, address) = echo(config).await;
    let requests = [
        get(POLLING),
        post(POLLING, "4hello"),
        peer::upgrade(WEBSOCKET),
        format!(
            "POST {POLLING} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n\
             6\r\n4hello\r\n0\r\n\r\n"
        ),
    ];
    for request in requests {
        for end in 0..=request.len() {
            let mut peer = Peer::connect(address).await;
            peer.send(&request[..end]).await;
            peer.reset();
        }
    }
    until(|| server.is_empty() && server.connections() == 0).await;
}

#[tokio::test]
async fn peer_that_takes_no_answer_keeps_no_thread_from_its_work() {
    let large = "x".repeat(32 << 20);
    let (server, address) =
        echo_with(builder().fallback(move |_| http::Response::new(large.clone())));
    let mut stuck = Peer::connect(address).await;
    stuck.send(get("/large").repeat(3)).await;
    let (mut peer, target) = session(address).await;
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    stuck.reset();
    drop(peer);
    until(|| server.connections() == 0).await;
}

/// One that takes its time over an answer, longer than a connection may be idle.
#[tokio::test]
async fn slow_reader_gets_all_of_its_answer_and_keeps_no_other_from_being_served() {
    let large = bytes::Bytes::from("x".repeat(24 << 20));
    let builder =
        builder().idle_timeout(40 * SHORT).fallback(move |_| http::Response::new(large.clone()));
    let (server, address) = echo_with(builder);
    let (mut other, target) = session(address).await;
    let mut slow = Peer::connect(address).await;
    slow.send(get("/large")).await;
    for _ in 0..8 {
        slow.buffer(2 << 20).await;
        // In all it takes longer than a connection may stand still.
        tokio::time::sleep(6 * SHORT).await;
        other.post(&target, "4hello").await.expect(200);
        assert_eq!(other.get(&target).await.expect(200).text(), "4hello");
    }
    let answer = slow.answer().await.expect(200);
    assert_eq!(answer.body.len(), 24 << 20);
    // And may go on with that connection.
    slow.get("/large").await.expect(200);
    drop(slow);
    drop(other);
    until(|| server.connections() == 0).await;
}

#[tokio::test]
async fn websocket_that_takes_no_bytes_is_cut_off_however_much_it_says() {
    let (server, address) = super::bind(builder().idle_timeout(4 * SHORT));
    let accepting = server.clone();
    let sending = std::thread::spawn(move || {
        let socket = accepting.accept().expect("a client");
        while socket.send("x".repeat(50_000)).is_ok() {}
        socket.close_reason()
    });
    let (mut peer, _) = Peer::open_websocket(address).await;
    while server.connections() > 0 {
        peer.say("4hello").await;
        tokio::time::sleep(SHORT / 10).await;
    }
    let reason = sending.join().expect("no panic");
    assert_eq!(reason, Some(engineio_sync::ServerCloseReason::TransportLost));
}

#[tokio::test]
async fn empty_line_behind_a_body_is_not_a_slow_request() {
    let (_server, address) = echo_with(builder().head_timeout(SHORT));
    let (mut peer, target) = session(address).await;
    peer.send(format!("{}\r\n", post(&target, "4hello"))).await;
    peer.answer().await.expect(200);
    tokio::time::sleep(3 * SHORT).await;
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}
