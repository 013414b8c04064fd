//! Nodes that find each other by an engine and forward requests, each a process of its own, of which
//! one is killed, or the engine is killed or stopped. Nothing is left on any node afterwards.

use std::time::Duration;

use e2e::{Node, within};
use peer::{Frame, Peer, get};
use tokio::time::sleep;

use super::engine::{Engine, Kind};

over_both! {
    (nats) (redis)
    node_that_is_killed_is_an_unknown_one_soon_and_its_successor_is_found
    engine_that_is_killed_breaks_no_forward_and_hides_only_nodes_that_nobody_asked_for
    engine_that_stands_still_breaks_no_forward_and_hides_only_nodes_that_nobody_asked_for
}

const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

/// A poll that waits, through a node that forwards so much with it.
async fn poll(edge: &mut Node, target: &str, forwards: u64) -> Peer {
    let mut peer = Peer::connect(edge.authority()).await;
    peer.send(get(target)).await;
    let [sessions, _] = edge.counts().await;
    edge.reaches([sessions, forwards]).await;
    // So that it is surely at the session's node.
    sleep(Duration::from_millis(300)).await;
    peer
}

async fn post(node: &Node, target: &str, message: &str) -> Result<(), u16> {
    let answer = Peer::connect(node.authority()).await.post(target, message).await;
    match answer.status {
        200 => Ok(()),
        400 => {
            assert_eq!(answer.text(), UNKNOWN);
            Err(400)
        }
        status => Err(status),
    }
}

async fn node_that_is_killed_is_an_unknown_one_soon_and_its_successor_is_found(kind: Kind) {
    let engine = Engine::start(kind).await;
    let [owner, mut edge] = Node::start_over(&engine.url(), ["a", "b"], 2_000).await;
    let place = engine.join().await;
    let tag = "a".parse().expect("a tag");
    assert!(place.locate(tag).await.is_some());
    let target = owner.open().await;
    let other = edge.open().await;
    let mut websocket = owner.open_websocket(&edge).await;
    let mut waiting = poll(&mut edge, &target, 2).await;
    owner.kill();
    waiting.answer().await.expect(502);
    assert_eq!(websocket.frame_or_end().await, None);
    edge.reaches([1, 0]).await;
    // Its place is known for a moment longer, and nobody is there.
    assert_eq!(post(&edge, &target, "4hello").await, Err(400));
    let is_gone = async {
        while place.locate(tag).await.is_some() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    within("the node is gone", is_gone).await;
    assert_eq!(post(&edge, &target, "4hello").await, Err(400));

    // The next process has a tag of its own.
    let [mut next] = Node::start_over(&engine.url(), ["a2"], 2_000).await;
    let successor = next.open().await;
    let mut waiting = poll(&mut edge, &successor, 1).await;
    post(&edge, &successor, "4hello").await.expect("a session of the successor");
    assert_eq!(waiting.answer().await.expect(200).text(), "4hello");
    post(&edge, &successor, "1").await.expect("an open session");
    post(&edge, &other, "1").await.expect("an open session");
    next.reaches([0, 0]).await;
    edge.reaches([0, 0]).await;
}

async fn engine_that_is_killed_breaks_no_forward_and_hides_only_nodes_that_nobody_asked_for(
    kind: Kind,
) {
    let mut engine = Engine::start(kind).await;
    let traffic = Traffic::start(&engine).await;
    engine.kill();
    let traffic = traffic.goes_on_without_the_engine().await;
    engine.start_again().await;
    traffic.finds_everybody_again().await;
}

async fn engine_that_stands_still_breaks_no_forward_and_hides_only_nodes_that_nobody_asked_for(
    kind: Kind,
) {
    let engine = Engine::start(kind).await;
    let traffic = Traffic::start(&engine).await;
    engine.signal("STOP");
    let traffic = traffic.goes_on_without_the_engine().await;
    engine.signal("CONT");
    traffic.finds_everybody_again().await;
}

/// A poll and a WebSocket that pass through a node, and a session of a node that this one was never
/// asked for.
struct Traffic {
    owner: Node,
    edge: Node,
    stranger: Node,
    websocket: Peer,
    waiting: Peer,
    target: String,
    strange: String,
}

impl Traffic {
    async fn start(engine: &Engine) -> Self {
        let [owner, mut edge, stranger] =
            Node::start_over(&engine.url(), ["a", "b", "c"], 2_000).await;
        let (target, strange) = (owner.open().await, stranger.open().await);
        let websocket = owner.open_websocket(&edge).await;
        let waiting = poll(&mut edge, &target, 2).await;
        Self { owner, edge, stranger, websocket, waiting, target, strange }
    }

    async fn goes_on_without_the_engine(mut self) -> Self {
        self.websocket.hears_itself("4still here").await;
        post(&self.edge, &self.target, "4hello").await.expect("a session of a known node");
        assert_eq!(self.waiting.answer().await.expect(200).text(), "4hello");
        assert_eq!(post(&self.edge, &self.strange, "4hello").await, Err(400));
        // What the edge knows of the owner is old by then.
        sleep(Duration::from_secs(6)).await;
        self.waiting = poll(&mut self.edge, &self.target, 2).await;
        for message in ["4one", "4two"] {
            post(&self.edge, &self.target, message).await.expect("a session of a known node");
        }
        let heard = self.waiting.answer().await.expect(200);
        assert!(["4one", "4one\u{1e}4two"].contains(&heard.text()), "{}", heard.text());
        self.websocket.hears_itself("4still here").await;
        // New sessions need no engine.
        let own = self.edge.open().await;
        post(&self.edge, &own, "1").await.expect("an open session");
        self.edge.reaches([0, 1]).await;
        self
    }

    async fn finds_everybody_again(mut self) {
        let found = async {
            while let Err(status) = post(&self.edge, &self.strange, "4hello").await {
                assert_eq!(status, 400);
                sleep(Duration::from_millis(50)).await;
            }
        };
        within("the stranger is found", found).await;
        for target in [&self.target, &self.strange] {
            post(&self.edge, target, "1").await.expect("an open session");
        }
        self.websocket.hears_itself("4to the end").await;
        self.websocket.say_close(1000).await;
        assert_eq!(self.websocket.frame().await, Frame::Close(1000));
        for node in [&mut self.owner, &mut self.edge, &mut self.stranger] {
            node.reaches([0, 0]).await;
        }
    }
}
