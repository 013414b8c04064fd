//! Nodes of a cluster that are killed and stopped, each a process of its own, and what their clients
//! and the other nodes see of it. Nothing is left on any node afterwards.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use e2e::{Node, within};
use peer::{Frame, Peer, get, until};
use tokio::task::JoinHandle;

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

/// More than a poll takes to get there.
const A_WHILE: Duration = Duration::from_millis(300);

/// A poll that waits at a node.
async fn poll(node: &Node, target: &str) -> Peer {
    let mut peer = Peer::connect(node.authority()).await;
    peer.send(get(target)).await;
    tokio::time::sleep(A_WHILE).await;
    peer
}

/// A session whose numbered messages come back, all of them, once and in order, while something
/// happens to others.
struct Stream {
    echoes: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Stream {
    /// Opens a session at a node, whose WebSocket passes through another one or doesn't.
    async fn start(owner: &Node, edge: &Node) -> Self {
        let mut websocket = owner.open_websocket(edge).await;
        let (echoes, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let task = tokio::spawn({
            let (echoes, is_over) = (Arc::clone(&echoes), Arc::clone(&is_over));
            async move {
                for said in 0..UNDER_WAY {
                    websocket.say(&format!("4{said}")).await;
                }
                while !is_over.load(SeqCst) {
                    let heard = echoes.load(SeqCst);
                    assert_eq!(websocket.frame().await, Frame::text(&format!("4{heard}")));
                    echoes.fetch_add(1, SeqCst);
                    websocket.say(&format!("4{}", heard + UNDER_WAY)).await;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        });
        Self { echoes, is_over, task }
    }

    /// Waits for more echoes than could be under way.
    async fn goes_on(&self) {
        let before = self.echoes.load(SeqCst);
        until(|| self.echoes.load(SeqCst) > before + 3 * UNDER_WAY || self.task.is_finished())
            .await;
    }

    /// Leaves.
    async fn end(self) {
        self.is_over.store(true, SeqCst);
        self.task.await.expect("every echo, in order");
    }
}

/// How many messages of a stream are on their way at a time.
const UNDER_WAY: usize = 10;

#[tokio::test]
async fn owner_that_is_killed_ends_its_own_sessions_and_no_others() {
    let [owner, mut edge, mut third] = Node::start(["a", "b", "c"], 2_000).await;
    let target = owner.open().await;
    let mut waiting = poll(&edge, &target).await;
    let mut websocket = owner.open_websocket(&edge).await;
    let other = edge.open().await;
    let own = Stream::start(&edge, &edge).await;
    let passing = Stream::start(&third, &edge).await;
    edge.reaches([2, 3]).await;
    for said in 0..100 {
        websocket.say(&format!("4{said}")).await;
    }
    owner.kill();
    waiting.answer().await.expect(502);
    // What came back before is the beginning of all.
    let mut heard = 0;
    while let Some(frame) = websocket.frame_or_end().await {
        assert_eq!(frame, Frame::text(&format!("4{heard}")));
        heard += 1;
    }
    edge.reaches([2, 1]).await;
    // From now on nobody knows its sessions.
    let mut peer = Peer::connect(edge.authority()).await;
    assert_eq!(peer.get(&target).await.expect(400).text(), UNKNOWN);
    let target = target.replace("polling", "websocket");
    assert_eq!(Peer::websocket(edge.authority(), &target).await.err(), Some(400));
    peer.post(&other, "4hello").await.expect(200);
    assert_eq!(peer.get(&other).await.expect(200).text(), "4hello");
    for stream in [own, passing] {
        stream.goes_on().await;
        stream.end().await;
    }
    edge.reaches([1, 0]).await;
    third.reaches([0, 0]).await;
}

#[tokio::test]
async fn edge_that_is_killed_costs_a_poll_and_no_message() {
    let [mut owner, edge, mut third] = Node::start(["a", "b", "c"], 10_000).await;
    let target = owner.open().await;
    let waiting = poll(&edge, &target).await;
    let mut websocket = owner.open_websocket(&edge).await;
    let direct = Stream::start(&owner, &owner).await;
    let passing = Stream::start(&owner, &third).await;
    owner.reaches([4, 0]).await;
    for said in 0..100 {
        websocket.say(&format!("4{said}")).await;
    }
    edge.kill();
    assert_eq!(waiting.rest().await.len(), 0);
    let mut heard = 0;
    while let Some(frame) = websocket.frame_or_end().await {
        assert_eq!(frame, Frame::text(&format!("4{heard}")));
        heard += 1;
    }
    // A WebSocket takes its session with it.
    owner.reaches([3, 0]).await;
    // One that polls comes back within `poll_grace`, and finds what was queued meanwhile, once.
    let mut peer = Peer::connect(owner.authority()).await;
    peer.post(&target, "4queued").await.expect(200);
    let mut through = Peer::connect(third.authority()).await;
    assert_eq!(through.get(&target).await.expect(200).text(), "4queued");
    let mut next = poll(&third, &target).await;
    assert!(!next.readable_now().await);
    peer.post(&target, "4next").await.expect(200);
    assert_eq!(next.answer().await.expect(200).text(), "4next");
    for stream in [direct, passing] {
        stream.goes_on().await;
        stream.end().await;
    }
    peer.post(&target, "1").await.expect(200);
    owner.reaches([0, 0]).await;
    third.reaches([0, 0]).await;
}

#[tokio::test]
async fn edge_that_stands_still_for_a_while_loses_nothing() {
    let [mut owner, mut edge, mut third] = Node::start(["a", "b", "c"], 2_000).await;
    let target = owner.open().await;
    let mut waiting = poll(&edge, &target).await;
    let mut websocket = owner.open_websocket(&edge).await;
    let direct = Stream::start(&owner, &owner).await;
    let passing = Stream::start(&owner, &third).await;
    for said in 0..200 {
        websocket.say(&format!("4{said}")).await;
    }
    edge.pause();
    for said in 200..400 {
        websocket.say(&format!("4{said}")).await;
    }
    // The owner doesn't notice, and answers the poll.
    let mut peer = Peer::connect(owner.authority()).await;
    peer.post(&target, "4posted").await.expect(200);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!waiting.readable_now().await);
    owner.reaches([4, 0]).await;
    for stream in [direct, passing] {
        stream.goes_on().await;
        stream.end().await;
    }
    edge.resume();
    assert_eq!(waiting.answer().await.expect(200).text(), "4posted");
    for said in 0..400 {
        assert_eq!(websocket.frame().await, Frame::text(&format!("4{said}")));
    }
    websocket.hears_itself("4after").await;
    drop(websocket);
    waiting.post(&target, "1").await.expect(200);
    owner.reaches([0, 0]).await;
    edge.reaches([0, 0]).await;
    third.reaches([0, 0]).await;
}

#[tokio::test]
async fn client_that_leaves_an_edge_that_stands_still_is_missed_later() {
    let [mut owner, mut edge] = Node::start(["a", "b"], 300).await;
    let target = owner.open().await;
    let waiting = poll(&edge, &target).await;
    let websocket = owner.open_websocket(&edge).await;
    let other = Stream::start(&owner, &owner).await;
    edge.pause();
    drop((websocket, waiting));
    // More than `poll_grace`: to the owner the poll waits, and the WebSocket is open.
    tokio::time::sleep(Duration::from_secs(2)).await;
    owner.reaches([3, 0]).await;
    other.goes_on().await;
    edge.resume();
    owner.reaches([1, 0]).await;
    edge.reaches([0, 0]).await;
    other.goes_on().await;
    other.end().await;
    owner.reaches([0, 0]).await;
}

#[tokio::test]
async fn owner_that_stands_still_for_a_while_loses_nothing() {
    let [mut owner, mut edge] = Node::start(["a", "b"], 2_000).await;
    let target = owner.open().await;
    let mut websocket = owner.open_websocket(&edge).await;
    let mut waiting = poll(&edge, &target).await;
    owner.pause();
    websocket.say("4hello").await;
    let mut posting = Peer::connect(edge.authority()).await;
    posting.send(peer::post(&target, "4posted")).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!waiting.readable_now().await && !posting.readable_now().await);
    // The edge goes on meanwhile.
    let other = edge.open().await;
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
    let target = owner.open().await;
    let websocket = owner.open_websocket(&edge).await;
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
    let target = owner.open().await;
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
    let target = owner.open().await;
    within("an echo", peer.post(&target, "4hello")).await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    edge.reaches([0, 0]).await;
    owner.reaches([1, 0]).await;
}
