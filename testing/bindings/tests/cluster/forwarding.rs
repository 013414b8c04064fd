//! What a session does whose requests come through another node.

use std::time::Duration;

use peer::{Frame, Peer, get, session, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Node, Places, config, pair, tag};
use crate::engineio::{Sid, Transport};

#[tokio::test]
async fn polls_and_posts_go_through_another_node() {
    let (owner, edge) = pair().await;
    let (_, target) = session(owner.address).await;
    let mut through = Peer::connect(edge.address).await;
    for message in ["4hello", "4again"] {
        assert_eq!(through.post(&target, message).await.expect(200).text(), "ok");
        assert_eq!(through.get(&target).await.expect(200).text(), message);
    }
    assert_eq!((owner.server.len(), edge.server.len()), (1, 0));
    edge.is_left_alone().await;
}

#[tokio::test]
async fn poll_waits_at_the_edge_as_long_as_at_the_owner() {
    let (owner, edge) = pair().await;
    let (mut peer, target) = session(owner.address).await;
    let mut through = Peer::connect(edge.address).await;
    through.send(get(&target)).await;
    until(|| edge.server.forwards() == 1).await;
    assert!(!through.readable_now().await);
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(through.answer().await.expect(200).text(), "4hello");
    edge.is_left_alone().await;
}

#[tokio::test]
async fn long_answers_come_through_whole_and_compressed_where_that_is_asked_for() {
    let (owner, edge) = pair().await;
    let (_, target) = session(owner.address).await;
    let mut through = Peer::connect(edge.address).await;
    let long = format!("4{}", "x".repeat(900_000));
    through.post(&target, &long).await.expect(200);
    assert_eq!(through.get(&target).await.expect(200).text(), long);
    through.post(&target, &long).await.expect(200);
    let asked = get(&target).replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n");
    let answer = through.request(asked).await.expect(200);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.body.len() < 10_000);
}

#[tokio::test]
async fn upgrade_goes_through_another_node() {
    let (owner, edge) = pair().await;
    let (mut peer, target) = session(owner.address).await;
    let through = edge.address.to_string();
    let target = target.replace("polling", "websocket");
    let mut websocket = Peer::websocket(&through, &target).await.expect("a 101");
    websocket.say("2probe").await;
    assert_eq!(websocket.frame().await, Frame::text("3probe"));
    websocket.say("5").await;
    for count in 0..1_000 {
        websocket.say(&format!("4{count}")).await;
    }
    for count in 0..1_000 {
        assert_eq!(websocket.frame().await, Frame::text(&format!("4{count}")));
    }
    let long = "x".repeat(60_000);
    websocket.say(&format!("4{long}")).await;
    assert_eq!(websocket.frame().await, Frame::text(&format!("4{long}")));
    let (_, sid) = target.split_once("&sid=").expect("a sid");
    let sender = owner.server.get(&Sid::from_text(sid).expect("a sid")).expect("a session");
    assert_eq!(sender.transport(), Some(Transport::WebSocket));
    peer.get(&target.replace("websocket", "polling")).await.expect(400);
    assert_eq!(edge.server.forwards(), 1);
    websocket.say_close(1000).await;
    assert_eq!(websocket.frame().await, Frame::Close(1000));
    websocket.end().await;
    owner.is_left_alone().await;
    edge.is_left_alone().await;
}

#[tokio::test]
async fn close_by_the_owner_reaches_the_client() {
    let (owner, edge) = pair().await;
    let (_, target) = session(owner.address).await;
    let (_, sid) = target.split_once("&sid=").expect("a sid");
    let sid = Sid::from_text(sid).expect("a sid");
    let websocket = target.replace("polling", "websocket");
    let mut websocket =
        Peer::websocket(&edge.address.to_string(), &websocket).await.expect("a 101");
    for (said, heard) in [("2probe", "3probe"), ("5", ""), ("4moved", "4moved")] {
        websocket.say(said).await;
        if !heard.is_empty() {
            assert_eq!(websocket.frame().await, Frame::text(heard));
        }
    }
    owner.server.send(&sid, "last").expect("an open session");
    assert!(owner.server.disconnect(&sid));
    for frame in [Frame::text("4last"), Frame::text("1"), Frame::Close(1000)] {
        assert_eq!(websocket.frame().await, frame);
    }
    websocket.say_close(1000).await;
    assert_eq!(websocket.rest().await.len(), 0);
    owner.is_left_alone().await;
    edge.is_left_alone().await;
}

#[tokio::test]
async fn body_over_the_limit_of_the_owner_is_413_and_the_session_goes_on() {
    let places = Places::default();
    let owner = Node::start("a", config().max_payload(1_000), &places).await;
    let edge = Node::start("b", config().max_payload(10), &places).await;
    let (_, target) = session(owner.address).await;
    let mut through = Peer::connect(edge.address).await;
    through.post(&target, &format!("4{}", "x".repeat(2_000))).await.expect(413);
    let longest = format!("4{}", "x".repeat(999));
    through.post(&target, &longest).await.expect(200);
    assert_eq!(through.get(&target).await.expect(200).text(), longest);
}

#[tokio::test]
async fn refusal_of_the_owner_comes_through() {
    let (_owner, edge) = pair().await;
    let mut through = Peer::connect(edge.address).await;
    let target = "/engine.io/?EIO=4&transport=polling&sid=a.nobody";
    let answer = through.get(target).await.expect(400);
    assert_eq!(answer.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    let websocket = target.replace("polling", "websocket");
    let refused = Peer::websocket(&edge.address.to_string(), &websocket).await;
    assert_eq!(refused.err(), Some(400));
    edge.is_left_alone().await;
}

#[tokio::test]
async fn body_is_passed_on_as_it_comes_and_the_request_says_that_it_was_forwarded() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let owner = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    places.add(tag("a"), owner.local_addr().expect("an address"));
    let mut through = Peer::connect(edge.address).await;
    let target = "/engine.io/?EIO=4&transport=polling&sid=a.somebody";
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: chat.test\r\nContent-Length: 10\r\nConnection: x-mine\r\n\
         X-Mine: 1\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    );
    through.send(format!("{head}4hell")).await;
    let (mut node, _) = owner.accept().await.expect("a connection");
    let mut received = Vec::new();
    while !received.ends_with(b"4hell") {
        assert!(node.read_buf(&mut received).await.expect("no reset") > 0);
    }
    let text = String::from_utf8(received).expect("text").to_lowercase();
    assert!(text.starts_with(&format!("post {} http/1.1\r\n", target.to_lowercase())), "{text}");
    for line in [
        "host: chat.test",
        "content-length: 10",
        "engineio-hop: b",
        "x-forwarded-for: 192.0.2.1, 127.0.0.1",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
    }
    assert!(!text.contains("x-mine"), "{text}");
    through.send("o you").await;
    let mut rest = [0; 5];
    node.read_exact(&mut rest).await.expect("the rest");
    assert_eq!(&rest, b"o you");
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n\
                  Connection: keep-alive\r\nX-Owner: yes\r\n\r\nok";
    node.write_all(answer.as_bytes()).await.expect("an open connection");
    let answer = through.answer().await.expect(200);
    assert_eq!((answer.text(), answer.header("x-owner")), ("ok", Some("yes")));
    assert_eq!(answer.header("keep-alive"), None);
    edge.is_left_alone().await;
}

#[tokio::test]
async fn answer_is_passed_on_as_it_comes() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let owner = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    places.add(tag("a"), owner.local_addr().expect("an address"));
    let mut through = Peer::connect(edge.address).await;
    through.send(get("/engine.io/?EIO=4&transport=polling&sid=a.somebody")).await;
    let (mut node, _) = owner.accept().await.expect("a connection");
    node.read_u8().await.expect("a request");
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n4hell";
    node.write_all(half.as_bytes()).await.expect("an open connection");
    through.buffer(half.len()).await;
    assert_eq!(edge.server.forwards(), 1);
    node.write_all(b"o you").await.expect("an open connection");
    assert_eq!(through.answer().await.expect(200).text(), "4hello you");
    edge.is_left_alone().await;
}

#[tokio::test]
async fn connections_between_nodes_are_used_again() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let owner = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    places.add(tag("a"), owner.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        let (mut node, _) = owner.accept().await.expect("a connection");
        let mut received = Vec::new();
        for _ in 0..3 {
            received.clear();
            while !received.ends_with(b"\r\n\r\n") {
                assert!(node.read_buf(&mut received).await.expect("no reset") > 0);
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n6";
            node.write_all(answer).await.expect("an open connection");
        }
    });
    for _ in 0..3 {
        let mut through = Peer::connect(edge.address).await;
        let target = "/engine.io/?EIO=4&transport=polling&sid=a.somebody";
        assert_eq!(through.get(target).await.expect(200).text(), "6");
        // The connection is kept a moment after the answer was passed on.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    serving.await.expect("no panic");
}
