//! Many clients that each hold as much as they may: the server holds no more than its bound, and
//! those who ask for little don't notice.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use peer::{Frame, Peer, session, until, within};

use crate::engineio::{Observer, Server, ServerCloseReason, Sid};
use crate::suite::{WEBSOCKET, accept, config, listen};

const LARGE: usize = 100_000;
/// What 20 of them fill.
const MAX: usize = 2_000_000;
/// How many clients of each kind there are, more than twice as many as fit.
const CROWD: usize = 50;

/// Counts the sessions that ended as overloaded.
#[derive(Clone, Default)]
struct Overloaded(Arc<AtomicUsize>);

impl Observer for Overloaded {
    fn closed(&self, _sid: &Sid, reason: &ServerCloseReason) {
        if *reason == ServerCloseReason::Overloaded {
            self.0.fetch_add(1, SeqCst);
        }
    }
}

/// An echo with little memory.
async fn small_echo() -> (SocketAddr, Overloaded) {
    let overloaded = Overloaded::default();
    let config = config().max_payload(LARGE).max_memory(MAX).outbox_high_water(LARGE);
    let config = config.outbox_low_water(LARGE / 2).build().expect("a legal configuration");
    let server = Server::builder(config).observer(overloaded.clone()).build();
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    (address, overloaded)
}

/// A POST of which all has come but the last byte.
async fn stopping_post(address: SocketAddr) -> Peer {
    let (mut peer, target) = session(address).await;
    let head = format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {LARGE}\r\n\r\n");
    peer.send(head + &"4".repeat(LARGE - 1)).await;
    peer
}

/// The beginning of a binary frame of so many bytes, masked with zeros, and all but so many of them.
fn frame(length: usize, missing: usize) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | 127];
    frame.extend((length as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(frame.len() + length - missing, 7);
    frame
}

/// A WebSocket with a message of which all was sent but the last byte.
async fn half_sent(address: SocketAddr) -> Peer {
    let (mut peer, _) = Peer::open_websocket(address).await;
    let bytes = frame(LARGE, 1);
    // The server needn't read all of it.
    peer.send_in_time(&bytes).await;
    peer
}

/// A WebSocket that sends and never reads what comes back.
async fn deaf(address: SocketAddr) -> Peer {
    let (mut peer, _) = Peer::open_websocket(address).await;
    let bytes = frame(LARGE, 0);
    for _ in 0..100 {
        if !peer.send_in_time(&bytes).await {
            break;
        }
    }
    peer
}

async fn echoes(peer: &mut Peer, text: &str) {
    peer.say(text).await;
    loop {
        match peer.frame().await {
            Frame::Text(ping) if ping == "2" => peer.say("3").await,
            frame => return assert_eq!(frame, Frame::text(text)),
        }
    }
}

#[tokio::test]
async fn clients_that_hold_all_memory_are_ended_and_small_messages_go_on() {
    let (address, overloaded) = small_echo().await;
    let (mut polling, target) = session(address).await;
    let mut good = Peer::connect(address).await;
    good.upgrade(WEBSOCKET).await.expect(101);
    good.frame().await;
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        crowd.push(stopping_post(address).await);
        crowd.push(half_sent(address).await);
        if number % 10 == 0 {
            crowd.push(deaf(address).await);
        }
        echoes(&mut good, "4hello").await;
        assert_eq!(polling.post(&target, "4hello").await.expect(200).text(), "ok");
        assert_eq!(polling.get(&target).await.expect(200).text(), "4hello");
    }
    until(|| overloaded.0.load(SeqCst) > 0).await;
    // What was theirs is there for others.
    drop(crowd);
    let large = format!("4{}", "x".repeat(LARGE - 1));
    within(async { while polling.post(&target, &large).await.status == 503 {} }).await;
    assert_eq!(polling.get(&target).await.expect(200).text().len(), LARGE);
    echoes(&mut good, "4hello").await;
}

#[tokio::test]
async fn large_body_is_refused_with_retry_after_while_there_is_no_memory() {
    let (address, _) = small_echo().await;
    let mut crowd = Vec::new();
    let refused = loop {
        crowd.push(stopping_post(address).await);
        assert!(crowd.len() < CROWD, "all of them are held");
        let (mut peer, target) = session(address).await;
        let answer = peer.post(&target, &"4".repeat(LARGE)).await;
        if answer.status != 200 {
            break answer.expect(503);
        }
    };
    assert_eq!(refused.header("retry-after"), Some("5"));
}
