//! Nodes of a cluster that are killed and stopped, each a process of its own, and what their clients
//! and the other nodes see of it. Nothing is left on any node afterwards.

use core::time::Duration;

use e2e::{Node, within};
use peer::{Frame, Peer, get};

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

/// More than a poll takes to get there.
const A_WHILE: Duration = Duration::from_millis(300);

/// Opens a session at a node. Returns the target of its requests.
async fn open(node: &Node) -> String {
    let mut peer = Peer::connect(node.authority()).await;
    let sid = peer.get(POLLING).await.expect(200).sid();
    format!("{POLLING}&sid={sid}")
}

/// Opens a session at a node, and moves it to a WebSocket through another one.
async fn open_websocket(owner: &Node, edge: &Node) -> Peer {
    let target = open(owner).await.replace("polling", "websocket");
    let mut websocket = Peer::websocket(edge.authority(), &target).await.expect("a 101");
    websocket.say("2probe").await;
    assert_eq!(websocket.frame().await, Frame::text("3probe"));
    websocket.say("5").await;
    assert_comes_back(&mut websocket, "4moved").await;
    websocket
}

async fn assert_comes_back(websocket: &mut Peer, message: &str) {
    websocket.say(message).await;
    assert_eq!(websocket.frame().await, Frame::text(message));
}

/// A poll that waits at a node.
async fn poll(node: &Node, target: &str) -> Peer {
    let mut peer = Peer::connect(node.authority()).await;
    peer.send(get(target)).await;
    tokio::time::sleep(A_WHILE).await;
    peer
}

#[tokio::test]
async fn owner_that_is_killed_ends_its_own_sessions_and_no_others() {
    let [owner, mut edge] = Node::start(["a", "b"], 2_000).await;
    let target = open(&owner).await;
    let mut waiting = poll(&edge, &target).await;
    let mut websocket = open_websocket(&owner, &edge).await;
    let other = open(&edge).await;
    edge.reaches([1, 2]).await;
    owner.kill();
    waiting.answer().await.expect(502);
    assert_eq!(websocket.frame_or_end().await, None);
    edge.reaches([1, 0]).await;
    // From now on nobody knows its sessions.
    let mut peer = Peer::connect(edge.authority()).await;
    assert_eq!(peer.get(&target).await.expect(400).text(), UNKNOWN);
    let target = target.replace("polling", "websocket");
    assert_eq!(Peer::websocket(edge.authority(), &target).await.err(), Some(400));
    peer.post(&other, "4hello").await.expect(200);
    assert_eq!(peer.get(&other).await.expect(200).text(), "4hello");
    edge.reaches([1, 0]).await;
}

#[tokio::test]
async fn edge_that_is_killed_costs_a_poll_and_no_message() {
    let [mut owner, edge] = Node::start(["a", "b"], 10_000).await;
    let target = open(&owner).await;
    let waiting = poll(&edge, &target).await;
    let websocket = open_websocket(&owner, &edge).await;
    owner.reaches([2, 0]).await;
    edge.kill();
    assert_eq!(waiting.rest().await.len(), 0);
    assert_eq!(websocket.rest().await.len(), 0);
    // A WebSocket takes its session with it; one that polls comes back within `poll_grace`.
    owner.reaches([1, 0]).await;
    let mut peer = Peer::connect(owner.authority()).await;
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn owner_that_stands_still_for_a_while_loses_nothing() {
    let [mut owner, mut edge] = Node::start(["a", "b"], 2_000).await;
    let target = open(&owner).await;
    let mut websocket = open_websocket(&owner, &edge).await;
    let mut waiting = poll(&edge, &target).await;
    owner.pause();
    websocket.say("4hello").await;
    let mut posting = Peer::connect(edge.authority()).await;
    posting.send(peer::post(&target, "4posted")).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!waiting.readable_now().await && !posting.readable_now().await);
    // The edge goes on meanwhile.
    let other = open(&edge).await;
    Peer::connect(edge.authority()).await.post(&other, "4hello").await.expect(200);
    edge.reaches([1, 3]).await;
    owner.resume();
    assert_eq!(posting.answer().await.expect(200).text(), "ok");
    assert_eq!(waiting.answer().await.expect(200).text(), "4posted");
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
    edge.reaches([1, 1]).await;
    drop(websocket);
    edge.reaches([1, 0]).await;
    owner.reaches([1, 0]).await;
}

#[tokio::test]
async fn client_that_leaves_while_the_owner_stands_still_is_missed_later() {
    let [mut owner, mut edge] = Node::start(["a", "b"], 300).await;
    let target = open(&owner).await;
    let websocket = open_websocket(&owner, &edge).await;
    let waiting = poll(&edge, &target).await;
    owner.pause();
    drop((websocket, waiting));
    // The half of a WebSocket that the owner has to end is waited for as long as `linger`.
    edge.reaches([0, 0]).await;
    owner.resume();
    owner.reaches([0, 0]).await;
}

#[tokio::test]
async fn tag_of_a_process_before_is_an_unknown_session() {
    let [owner, mut edge] = Node::start(["a", "b"], 2_000).await;
    let target = open(&owner).await;
    let mut through = Peer::connect(edge.authority()).await;
    through.post(&target, "4hello").await.expect(200);
    owner.kill();
    // The next process at its place has another tag, and the directory isn't up to date.
    let [mut next] = Node::start(["a2"], 2_000).await;
    edge.introduce("a", next.authority()).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(through.get(&target).await.expect(400).text(), UNKNOWN);
    next.reaches([0, 0]).await;
    edge.reaches([0, 0]).await;
}

#[tokio::test]
async fn forged_tags_reach_no_node_and_leave_nothing() {
    let [mut owner, mut edge] = Node::start(["a", "b"], 2_000).await;
    let mut peer = Peer::connect(edge.authority()).await;
    for forged in 0..500 {
        let target = format!("{POLLING}&sid=x{forged}.AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(peer.get(&target).await.expect(400).text(), UNKNOWN);
    }
    // A legal tag with a sid that its node doesn't know costs a hop.
    for forged in 0..500 {
        let target = format!("{POLLING}&sid=a.{forged}");
        assert_eq!(peer.get(&target).await.expect(400).text(), UNKNOWN);
    }
    let target = open(&owner).await;
    within("an echo", peer.post(&target, "4hello")).await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    edge.reaches([0, 0]).await;
    owner.reaches([1, 0]).await;
}
