//! What goes wrong between a client, the node that it reaches and the node of its session, and that
//! it leaves nothing behind on either.

use std::time::Duration;

use peer::{Frame, Peer, get, session, until, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Node, Places, config, pair, tag};
use crate::engineio::{Cluster, Nodes};

const OF_A: &str = "/engine.io/?EIO=4&transport=polling&sid=a.somebody";

#[tokio::test]
async fn client_that_leaves_while_it_polls_is_missed_by_the_owner() {
    let (owner, edge) = pair().await;
    let (peer, target) = session(owner.address).await;
    let mut through = Peer::connect(edge.address).await;
    through.send(get(&target)).await;
    until(|| edge.server.forwards() == 1).await;
    // So that the poll is surely there.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(owner.server.len(), 1);
    drop((peer, through));
    // The session has some time to poll again, and nobody does.
    owner.is_left_alone().await;
    edge.is_left_alone().await;
}

#[tokio::test]
async fn client_whose_websocket_breaks_is_missed_by_the_owner() {
    for is_reset in [false, true] {
        let (owner, edge) = pair().await;
        let (_, target) = session(owner.address).await;
        let target = target.replace("polling", "websocket");
        let through = edge.address.to_string();
        let mut websocket = Peer::websocket(&through, &target).await.expect("a 101");
        websocket.say("2probe").await;
        assert_eq!(websocket.frame().await, Frame::text("3probe"));
        websocket.say("5").await;
        websocket.say("4moved").await;
        assert_eq!(websocket.frame().await, Frame::text("4moved"));
        if is_reset {
            websocket.reset();
        } else {
            drop(websocket);
        }
        owner.is_left_alone().await;
        edge.is_left_alone().await;
    }
}

#[tokio::test]
async fn body_that_breaks_off_ends_the_session_at_its_owner() {
    let (owner, edge) = pair().await;
    let (_, target) = session(owner.address).await;
    let mut through = Peer::connect(edge.address).await;
    let head = format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n");
    through.send(format!("{head}4hell")).await;
    until(|| edge.server.forwards() == 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(through);
    owner.is_left_alone().await;
    edge.is_left_alone().await;
}

#[tokio::test]
async fn node_that_is_not_there_is_an_unknown_session() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    places.add(tag("a"), gone.local_addr().expect("an address"));
    drop(gone);
    places.add_unknowable(tag("c"));
    // It can't be reached, nobody knows where it is, and nobody knows of it.
    for node in ["a", "c", "d"] {
        let mut through = Peer::connect(edge.address).await;
        let answer =
            through.get(&OF_A.replace("a.some", &format!("{node}.some"))).await.expect(400);
        assert_eq!(answer.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
        let websocket = OF_A.replace("polling", "websocket");
        let refused = Peer::websocket(&edge.address.to_string(), &websocket).await;
        assert_eq!(refused.err(), Some(400));
    }
    edge.is_left_alone().await;
}

#[tokio::test]
async fn node_whose_place_is_not_http_is_an_unknown_session_and_hears_nothing() {
    let places = Places::default();
    let node = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = node.local_addr().expect("an address");
    let nodes = Nodes::fixed([(tag("a"), format!("https://{at}").parse().expect("a URL"))]);
    let edge = Node::start_in(Cluster::new(nodes), "b", config(), &places).await;
    let answer = Peer::connect(edge.address).await.get(OF_A).await.expect(400);
    assert_eq!(answer.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    assert_eq!(edge.refusals.causes(), ["unreachable_node"]);
    assert_nothing_more_comes(&node).await;
    edge.is_left_alone().await;
}

/// The next connection to a node, after a head has come on it.
async fn asked(node: &TcpListener) -> TcpStream {
    let (mut node, _) = node.accept().await.expect("a connection");
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n\r\n") {
        assert!(node.read_buf(&mut received).await.expect("no reset") > 0);
    }
    node
}

async fn assert_nothing_more_comes(node: &TcpListener) {
    let more = tokio::time::timeout(Duration::from_millis(200), node.accept()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn node_that_breaks_off_before_it_answers_is_502_and_nothing_is_repeated() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let node = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    places.add(tag("a"), node.local_addr().expect("an address"));
    let breaking = tokio::spawn(async move {
        drop(asked(&node).await);
        drop(asked(&node).await);
        assert_nothing_more_comes(&node).await;
    });
    let mut through = Peer::connect(edge.address).await;
    through.get(OF_A).await.expect(502);
    let websocket = OF_A.replace("polling", "websocket");
    let refused = Peer::websocket(&edge.address.to_string(), &websocket).await;
    assert_eq!(refused.err(), Some(502));
    breaking.await.expect("no panic");
    edge.is_left_alone().await;
}

#[tokio::test]
async fn node_that_breaks_off_in_its_answer_breaks_off_the_clients() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let node = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    places.add(tag("a"), node.local_addr().expect("an address"));
    let mut through = Peer::connect(edge.address).await;
    through.send(get(OF_A)).await;
    let mut owner = asked(&node).await;
    // With a date the edge adds nothing, and passes on as many bytes.
    let half = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
                Content-Length: 10\r\n\r\n4hell";
    owner.write_all(half.as_bytes()).await.expect("an open connection");
    // An end that comes at once with it may overtake it.
    through.buffer(half.len()).await;
    drop(owner);
    assert!(through.rest().await.ends_with(b"4hell"));
    assert_nothing_more_comes(&node).await;
    edge.is_left_alone().await;
}

#[tokio::test]
async fn nodes_that_send_each_other_around_end_it_after_one_hop() {
    let places = Places::default();
    let one = Node::start("b", config(), &places).await;
    let other = Node::start("c", config(), &places).await;
    // Neither of them is `a`.
    places.add(tag("a"), other.address);
    let mut through = Peer::connect(one.address).await;
    let answer = through.get(OF_A).await.expect(400);
    assert_eq!(answer.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    one.is_left_alone().await;
    other.is_left_alone().await;
}

#[tokio::test]
async fn client_that_says_it_was_forwarded_hurts_only_itself() {
    let (owner, edge) = pair().await;
    let (mut peer, target) = session(owner.address).await;
    let mut through = Peer::connect(edge.address).await;
    let asked = get(&target).replace("\r\n\r\n", "\r\nEngineio-Hop: a\r\n\r\n");
    through.request(&asked).await.expect(400);
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.request(&asked).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn forwards_beyond_their_limit_are_503_until_there_is_room() {
    let places = Places::default();
    let owner = Node::start("a", config(), &places).await;
    let cluster = Cluster::new(places.clone()).max_forwards(1);
    let edge = Node::start_in(cluster, "b", config(), &places).await;
    let (mut peer, target) = session(owner.address).await;
    let mut waiting = Peer::connect(edge.address).await;
    waiting.send(get(&target)).await;
    until(|| edge.server.forwards() == 1).await;
    let mut through = Peer::connect(edge.address).await;
    let answer = through.post(&target, "4hello").await.expect(503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(waiting.answer().await.expect(200).text(), "4hello");
    until(|| edge.server.forwards() == 0).await;
    through.post(&target, "4again").await.expect(200);
    assert_eq!(through.get(&target).await.expect(200).text(), "4again");
}

#[tokio::test]
async fn client_that_does_not_end_its_half_is_cut_off_after_linger() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let node = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    places.add(tag("a"), node.local_addr().expect("an address"));
    let mut through = TcpStream::connect(edge.address).await.expect("it listens");
    let target = OF_A.replace("polling", "websocket");
    through.write_all(peer::upgrade(&target).as_bytes()).await.expect("an open connection");
    let (mut owner, _) = node.accept().await.expect("a connection");
    owner.read_u8().await.expect("a request");
    let switched = "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x01last";
    owner.write_all(switched.as_bytes()).await.expect("an open connection");
    owner.shutdown().await.expect("an open connection");
    let mut heard = Vec::new();
    within(through.read_to_end(&mut heard)).await.expect("no reset");
    assert!(heard.ends_with(b"\x01last"));
    edge.is_left_alone().await;
    drop((through, owner));
}
