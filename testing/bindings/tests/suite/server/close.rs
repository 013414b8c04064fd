//! How a server stops.

use std::time::Duration;

use peer::{Frame, Peer, get, session, settle, until, within};

use crate::engineio::{CloseCode, Server, ServerCloseReason, ServerConfig, Violation, serve};
use crate::suite::{POLLING, WEBSOCKET, accept, config, echo, is_for_actix_web, listen};

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn sessions_are_flushed_and_told_and_serve_returns() {
    let server = Server::new(ServerConfig::default());
    tokio::spawn(accept(server.clone()));
    let (address, serving) = serve(&server).await;
    let (mut websocket, _) = Peer::open_websocket(address).await;
    let (mut parked, parked_target) = session(address).await;
    parked.send(get(&parked_target)).await;
    let (mut between, between_target) = session(address).await;
    let idle = Peer::connect(address).await;
    server.broadcast("last");
    assert_eq!(parked.answer().await.expect(200).text(), "4last");

    let closing = server.clone();
    let closing = tokio::spawn(async move { closing.close(LONG).await });
    for frame in [Frame::text("4last"), Frame::text("1"), Frame::Close(1001)] {
        assert_eq!(websocket.frame().await, frame);
    }
    websocket.say_close(1001).await;
    assert_eq!(websocket.rest().await.len(), 0);
    assert_eq!(parked.get(&parked_target).await.expect(200).text(), "1");

    // One is left, that nobody has told: handshakes are refused, it is served.
    until(|| server.len() == 1).await;
    let mut late = Peer::connect(address).await;
    for answer in [late.get(POLLING).await, late.upgrade(WEBSOCKET).await] {
        assert!(answer.expect(503).header("retry-after").is_some());
    }
    // Its turn comes a moment after the others', in this answer or in the next.
    let mut said = between.get(&between_target).await.expect(200).text().to_owned();
    if !said.ends_with('1') {
        said = format!("{said}\u{1e}{}", between.get(&between_target).await.expect(200).text());
    }
    assert_eq!(said, "4last\u{1e}1");

    within(closing).await.expect("no panic");
    within(serving).await.expect("no panic").expect("no failure of the listener");
    assert!(server.is_empty());
    // Connections with nothing to say are closed.
    assert_eq!(idle.rest().await.len(), 0);
    assert_eq!(late.rest().await.len(), 0);
}

/// A balancer that looks at the port sees at once that this server is no longer one.
#[tokio::test]
async fn new_connections_are_refused_while_the_last_answers_are_written() {
    let config = config().max_payload(64 << 20).outbox_high_water(64 << 20).linger(LONG);
    let config = config.compression_threshold(None).build().expect("a legal configuration");
    let server = Server::new(config);
    tokio::spawn(accept(server.clone()));
    let (address, serving) = serve(&server).await;
    let (mut slow, target) = session(address).await;
    // Far more than the sockets' buffers hold.
    server.broadcast("x".repeat(32 << 20));
    slow.send(get(&target)).await;
    slow.readable_within(LONG).await;
    let mut polling = Peer::connect(address).await;
    polling.send(get(&target)).await;

    let closing = server.clone();
    let closing = tokio::spawn(async move { closing.close(LONG).await });
    assert_eq!(polling.answer().await.expect(200).text(), "1");
    within(async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    let refused = tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(!serving.is_finished());
    assert_eq!(slow.answer().await.expect(200).body.len(), 1 + (32 << 20));
    within(closing).await.expect("no panic");
    within(serving).await.expect("no panic").expect("no failure of the listener");
}

#[tokio::test]
async fn application_hears_why_its_sockets_end() {
    let server = Server::new(ServerConfig::default());
    let address = listen(&server).await;
    let opening = tokio::spawn(Peer::open_websocket(address));
    let mut socket = within(server.accept()).await.expect("a client");
    let (mut peer, _) = within(opening).await.expect("no panic");
    let closing = server.clone();
    let closing = tokio::spawn(async move { closing.close(LONG).await });
    assert!(within(socket.recv()).await.is_none());
    assert_eq!(socket.close_reason(), Some(ServerCloseReason::Shutdown));
    assert!(within(server.accept()).await.is_none());
    assert_eq!(peer.frame().await, Frame::text("1"));
    assert_eq!(peer.frame().await, Frame::Close(1001));
    drop(peer);
    within(closing).await.expect("no panic");
}

#[tokio::test]
async fn application_hears_the_code_that_a_websocket_was_closed_with() {
    let server = Server::new(ServerConfig::default());
    let address = listen(&server).await;
    let without_code: &[u8] = &[0x88, 0x80, 0, 0, 0, 0];
    for (said, code) in [(Some(1000), 1000), (Some(4321), 4321), (None, 1005)] {
        let opening = tokio::spawn(Peer::open_websocket(address));
        let socket = within(server.accept()).await.expect("a client");
        let (mut peer, _) = within(opening).await.expect("no panic");
        match said {
            Some(code) => peer.say_close(code).await,
            None => peer.send(without_code).await,
        }
        let reason = ServerCloseReason::Peer(Some(CloseCode(code)));
        assert_eq!(within(socket.closed()).await, reason);
        assert_eq!(peer.frame().await, Frame::Close(code));
    }
    if is_for_actix_web("it drops a connection whose client says no more") {
        return;
    }
    let opening = tokio::spawn(Peer::open_websocket(address));
    let socket = within(server.accept()).await.expect("a client");
    let (mut peer, _) = within(opening).await.expect("no panic");
    peer.finish().await;
    let reason = ServerCloseReason::Peer(Some(CloseCode::ABNORMAL));
    assert_eq!(within(socket.closed()).await, reason);
}

#[tokio::test]
async fn client_that_leaves_after_a_413_was_too_large() {
    let grace = Duration::from_millis(10);
    let config = config().max_payload(100).poll_grace(grace);
    let server = Server::new(config.build().expect("a legal configuration"));
    let address = listen(&server).await;
    let opening = tokio::spawn(session(address));
    let socket = within(server.accept()).await.expect("a client");
    let (mut polling, target) = within(opening).await.expect("no panic");
    polling.send(get(&target)).await;
    let mut posting = Peer::connect(address).await;
    posting.post(&target, &"4".repeat(101)).await.expect(413);
    drop(polling);
    let reason = ServerCloseReason::Violation(Violation::TooLarge);
    assert_eq!(within(socket.closed()).await, reason);
}

#[tokio::test]
async fn handshake_that_is_decided_about_while_the_server_closes_is_503() {
    let server = Server::new(ServerConfig::default());
    let address = listen(&server).await;
    let mut waiting = Peer::connect(address).await;
    let mut looked_at = Peer::connect(address).await;
    looked_at.send(get(POLLING)).await;
    let incoming = within(server.incoming()).await.expect("a client");
    waiting.send(get(POLLING)).await;
    settle(address).await;
    let closing = server.clone();
    let closing = tokio::spawn(async move { closing.close(LONG).await });
    // So the server is closing now.
    waiting.answer().await.expect(503);
    assert!(incoming.accept().is_none());
    looked_at.answer().await.expect(503);
    within(closing).await.expect("no panic");
    assert!(server.is_empty());
}

#[tokio::test]
async fn closing_an_idle_server_waits_for_nothing_and_can_be_repeated() {
    let (server, _) = echo(config().linger(Duration::MAX)).await;
    within(server.close(Duration::MAX)).await;
    within(server.close(Duration::MAX)).await;
}
