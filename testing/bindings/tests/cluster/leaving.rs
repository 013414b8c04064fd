//! Nodes that close while polls and WebSockets of another node's sessions pass through them.

use std::time::Duration;

use peer::{Frame, Peer, get, post, session, until, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Node, Places, config, pair, tag};
use crate::engineio::Sid;

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";

/// Plenty: what leaves in time doesn't wait for it.
const WITHIN: Duration = Duration::from_secs(60);

/// Moves a session of one node to a WebSocket through another.
async fn websocket(owner: &Node, edge: &Node) -> (Peer, Sid) {
    let (_, target) = session(owner.address).await;
    let (_, sid) = target.split_once("&sid=").expect("a sid");
    let through = edge.address.to_string();
    let upgrade = target.replace("polling", "websocket");
    let mut websocket = Peer::websocket(&through, &upgrade).await.expect("a 101");
    websocket.say("2probe").await;
    assert_eq!(websocket.frame().await, Frame::text("3probe"));
    websocket.say("5").await;
    websocket.say("4moved").await;
    assert_eq!(websocket.frame().await, Frame::text("4moved"));
    (websocket, Sid::from_text(sid).expect("a sid"))
}

#[tokio::test]
async fn websocket_that_passes_through_a_node_that_closes_is_flushed_and_ended_by_its_owner() {
    let (owner, edge) = pair().await;
    let (mut websocket, sid) = websocket(&owner, &edge).await;
    let sender = owner.server.get(&sid).expect("a session");
    let long = "x".repeat(5_000);
    let sending = tokio::spawn(async move {
        let mut accepted = 0;
        // There is always more than fits into what is between them.
        while sender.send(format!("{accepted} {long}")).await.is_ok() {
            accepted += 1;
        }
        accepted
    });
    let mut closing = None;
    let mut received = 0;
    let last = loop {
        match websocket.frame().await {
            Frame::Text(text) if text.starts_with(&format!("4{received} ")) => received += 1,
            other => break other,
        }
        if received == 1_000 {
            let server = edge.server.clone();
            closing = Some(tokio::spawn(async move { server.close(WITHIN).await }));
        }
    };
    assert_eq!(last, Frame::text("1"));
    assert_eq!(websocket.frame().await, Frame::Close(1001));
    assert_eq!(sending.await.expect("no panic"), received);
    assert!(received > 1_000);
    websocket.say_close(1001).await;
    websocket.end().await;
    // It waited for nothing else.
    within(closing.expect("it began")).await.expect("no panic");
    owner.is_left_alone().await;
    edge.is_left_alone().await;
}

#[tokio::test]
async fn other_sessions_of_the_owner_go_on_when_a_node_closes() {
    let (owner, edge) = pair().await;
    let (mut passing, _) = websocket(&owner, &edge).await;
    let (mut direct, _) = websocket(&owner, &owner).await;
    let closing = tokio::spawn({
        let server = edge.server.clone();
        async move { server.drain(4 * super::SHORT).await }
    });
    assert_eq!(passing.frame().await, Frame::text("1"));
    drop(passing);
    within(closing).await.expect("no panic");
    direct.say("4hello").await;
    assert_eq!(direct.frame().await, Frame::text("4hello"));
    assert_eq!(owner.server.len(), 1);
    edge.is_left_alone().await;
}

#[tokio::test]
async fn poll_that_waits_at_a_node_that_closes_is_answered_and_its_connection_ends() {
    let (owner, edge) = pair().await;
    let (mut peer, target) = session(owner.address).await;
    let mut waiting = Peer::connect(edge.address).await;
    waiting.send(get(&target)).await;
    until(|| edge.server.forwards() == 1).await;
    let closing = tokio::spawn({
        let server = edge.server.clone();
        async move { server.close(WITHIN).await }
    });
    let answer = waiting.answer().await.expect(200);
    assert_eq!((answer.text(), answer.header("connection")), ("6", Some("close")));
    assert_eq!(waiting.rest().await.len(), 0);
    within(closing).await.expect("no panic");
    edge.is_left_alone().await;
    // The session goes on by another way.
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn requests_that_come_to_a_node_while_it_closes_are_still_passed_on() {
    let (owner, edge) = pair().await;
    let (_own, _) = session(edge.address).await;
    let (_, target) = session(owner.address).await;
    let closing = tokio::spawn({
        let server = edge.server.clone();
        // The session of its own keeps it from being closed at once.
        async move { server.drain(Duration::from_secs(2)).await }
    });
    until(|| edge.server.is_closing()).await;
    let mut through = Peer::connect(edge.address).await;
    let answer = through.request(post(&target, "4hello")).await.expect(200);
    assert_eq!((answer.text(), answer.header("connection")), ("ok", Some("close")));
    let mut through = Peer::connect(edge.address).await;
    assert_eq!(through.get(&target).await.expect(200).text(), "4hello");
    // A WebSocket would have to end at once.
    let upgrade = target.replace("polling", "websocket");
    assert_eq!(Peer::websocket(&edge.address.to_string(), &upgrade).await.err(), Some(503));
    // A poll doesn't stay until the end.
    let mut through = Peer::connect(edge.address).await;
    assert_eq!(through.get(&target).await.expect(200).text(), "6");
    within(closing).await.expect("no panic");
    assert_eq!(owner.server.len(), 1);
}

#[tokio::test]
async fn websocket_whose_owner_does_not_end_it_is_cut_at_last() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let node = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    places.add(tag("a"), node.local_addr().expect("an address"));
    let target = format!("{POLLING}&sid=a.somebody").replace("polling", "websocket");
    let through = edge.address.to_string();
    let connecting = tokio::spawn(async move { Peer::websocket(&through, &target).await });
    let (mut owner, _) = node.accept().await.expect("a connection");
    owner.read_u8().await.expect("a request");
    let switched = "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    owner.write_all(switched.as_bytes()).await.expect("an open connection");
    let mut websocket = connecting.await.expect("no panic").expect("a 101");
    let closing = tokio::spawn({
        let server = edge.server.clone();
        async move { server.close(8 * super::SHORT).await }
    });
    // It is asked to, and it doesn't know how.
    let (mut asked, _) = within(node.accept()).await.expect("a connection");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(asked.read_buf(&mut head).await.expect("no reset") > 0);
    }
    let head = String::from_utf8(head).expect("text").to_lowercase();
    let line = "delete /engine.io/?eio=4&transport=websocket&sid=a.somebody http/1.1\r\n";
    assert!(head.starts_with(line) && head.contains("\r\nengineio-hop: b\r\n"), "{head}");
    let refused = "HTTP/1.1 405 \r\nContent-Length: 0\r\n\r\n";
    asked.write_all(refused.as_bytes()).await.expect("an open connection");
    assert!(!closing.is_finished());
    assert_eq!(websocket.frame_or_end().await, None);
    within(closing).await.expect("no panic");
    edge.is_left_alone().await;
}

#[tokio::test]
async fn client_that_forges_a_farewell_ends_only_the_session_that_it_names() {
    let (owner, edge) = pair().await;
    let (mut named, sid) = websocket(&owner, &edge).await;
    let (mut other, _) = websocket(&owner, &edge).await;
    let target = format!("/engine.io/?EIO=4&transport=websocket&sid={}", sid.as_str());
    let forged = format!("DELETE {target} HTTP/1.1\r\nHost: x\r\nEngineio-Hop: b\r\n\r\n");
    // A node forwards no such request.
    Peer::connect(edge.address).await.request(forged.as_str()).await.expect(204);
    named.say("4hello").await;
    assert_eq!(named.frame().await, Frame::text("4hello"));
    Peer::connect(owner.address).await.request(forged.as_str()).await.expect(204);
    assert_eq!(named.frame().await, Frame::text("1"));
    other.say("4hello").await;
    assert_eq!(other.frame().await, Frame::text("4hello"));
}
