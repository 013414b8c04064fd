//! Connections that end when they shouldn't, or don't when they should.

use std::time::Duration;

use peer::{Frame, Peer, get, session, settle, until, within};

use crate::suite::{POLLING, WEBSOCKET, config, echo, is_for_actix_web};

#[tokio::test]
async fn poll_that_is_abandoned_loses_nothing_if_another_follows() {
    let (server, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    let mut poll = Peer::connect(address).await;
    poll.send(get(&target)).await;
    settle(address).await;
    poll.reset();
    settle(address).await;
    // Another thread of the server may still be about to notice, where it counts connections.
    until(|| server.connections() <= 1).await;
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn poll_that_is_abandoned_ends_the_session_if_none_follows() {
    let (server, address) = echo(config().poll_grace(Duration::from_millis(50))).await;
    let (mut peer, target) = session(address).await;
    peer.send(get(&target)).await;
    settle(address).await;
    peer.reset();
    until(|| server.is_empty()).await;
}

#[tokio::test]
async fn websocket_that_is_reset_after_its_101_ends_its_session() {
    let (server, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.upgrade(WEBSOCKET).await.expect(101);
    peer.reset();
    until(|| server.is_empty()).await;
}

#[tokio::test]
async fn probe_that_is_reset_after_its_101_harms_nothing() {
    let (server, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    let mut probe = Peer::connect(address).await;
    probe.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    probe.reset();
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn websocket_that_stops_sending_is_closed_in_order() {
    let (server, address) = echo(config()).await;
    let (mut peer, _) = Peer::open_websocket(address).await;
    peer.finish().await;
    assert_eq!(peer.rest().await.len(), 0);
    until(|| server.is_empty()).await;
}

/// Browsers wait for the server's end before they end their own side.
#[tokio::test]
async fn websocket_that_ends_by_a_fault_is_shut_down_at_once() {
    if is_for_actix_web("it ends both directions or none") {
        return;
    }
    let forever = Duration::MAX;
    let (server, address) = echo(config().max_payload(1000).linger(forever)).await;
    let too_large = [&[0x82, 0x80 | 126, 4, 0, 0, 0, 0, 0], &[7; 1024][..]].concat();
    let no_text: &[u8] = &[0x81, 0x82, 0, 0, 0, 0, b'4', 0xff];
    let no_opcode: &[u8] = &[0x83, 0x82, 0, 0, 0, 0, b'4', b'a'];
    for (bytes, code) in [(&too_large[..], 1009), (no_text, 1007), (no_opcode, 1002)] {
        for answers in [true, false] {
            let (mut peer, _) = Peer::open_websocket(address).await;
            peer.send(bytes).await;
            assert_eq!(peer.frame().await, Frame::Close(code));
            if answers {
                peer.say_close(code).await;
            }
            assert_eq!(peer.rest().await.len(), 0);
        }
    }
    within(server.close(forever)).await;
}

#[tokio::test]
async fn upgrade_to_something_else_is_an_ordinary_poll() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    let request = get(POLLING).replacen(
        "\r\n",
        "\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        1,
    );
    peer.request(request).await.expect(200).sid();
    if is_for_actix_web("it ends a connection after a request for an upgrade") {
        return;
    }
    // So it is on a connection that goes on.
    peer.get(POLLING).await.expect(200).sid();
}

#[tokio::test]
async fn garbage_instead_of_a_request_is_400_and_the_others_go_on() {
    let (_, address) = echo(config()).await;
    let (mut other, _) = Peer::open_websocket(address).await;
    let mut peer = Peer::connect(address).await;
    peer.send("\u{1}\u{2}\u{3} what is this\r\n\r\n").await;
    assert!(peer.rest().await.starts_with(b"HTTP/1.1 400 "));
    other.say("4hello").await;
    assert_eq!(other.frame().await, Frame::text("4hello"));
}

#[tokio::test]
async fn head_of_a_megabyte_is_431() {
    if is_for_actix_web("it takes longer heads") {
        return;
    }
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    // No more than the server takes in, or its end of the connection is a reset.
    let head = format!("GET {POLLING} HTTP/1.1\r\nHost: test\r\nX: {}", "x".repeat(16 << 10));
    peer.send(&head[..16 << 10]).await;
    assert!(peer.rest().await.starts_with(b"HTTP/1.1 431 "));
}

#[tokio::test]
async fn probe_that_is_given_up_is_dropped_even_if_its_peer_does_nothing() {
    let config =
        config().upgrade_timeout(Duration::from_millis(50)).linger(Duration::from_millis(50));
    let (server, address) = echo(config).await;
    let (_peer, target) = session(address).await;
    let mut probe = Peer::connect(address).await;
    probe.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    assert_eq!(probe.frame().await, Frame::Close(1000));
    assert_eq!(probe.rest().await.len(), 0);
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn second_websocket_is_dropped_even_if_its_peer_does_nothing() {
    let (server, address) = echo(config().linger(Duration::from_millis(50))).await;
    let (mut first, sid) = Peer::open_websocket(address).await;
    let mut second = Peer::connect(address).await;
    second.upgrade(&format!("{WEBSOCKET}&sid={sid}")).await.expect(101);
    assert_eq!(second.frame().await, Frame::Close(1008));
    assert_eq!(second.rest().await.len(), 0);
    first.say("4hello").await;
    assert_eq!(first.frame().await, Frame::text("4hello"));
    assert_eq!(server.len(), 1);
}
