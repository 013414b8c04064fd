//! Nodes of a cluster, each in its own process.

use std::path::Path;

use peer::{Frame, Peer};
use serde_json::{Value, json};

use crate::Script;
use crate::binding::Binding;
use crate::example::executable;

/// A node that sends every message back. Dropping it ends it at once, without a goodbye.
#[derive(Debug)]
pub struct Node {
    tag: &'static str,
    script: Script,
    authority: String,
}

impl Node {
    /// Starts nodes with these tags, whose sessions wait for a poll for `poll_grace` milliseconds
    /// after one broke. Each knows where the others are.
    pub async fn start<const COUNT: usize>(
        tags: [&'static str; COUNT],
        poll_grace: u32,
    ) -> [Self; COUNT] {
        let settings = |tag| json!({ "node": tag, "poll_grace": poll_grace });
        let mut nodes = Self::run(tags, settings).await;
        let places: Vec<_> = nodes.iter().map(|node| (node.tag, node.authority.clone())).collect();
        for node in &mut nodes {
            for (tag, authority) in &places {
                node.introduce(tag, authority).await;
            }
        }
        nodes
    }

    /// The same, but they find each other by the NATS or Redis at this URL.
    pub async fn start_over<const COUNT: usize>(
        bus: &str,
        tags: [&'static str; COUNT],
        poll_grace: u32,
    ) -> [Self; COUNT] {
        Self::run(tags, |tag| json!({ "node": tag, "poll_grace": poll_grace, "bus": bus })).await
    }

    async fn run<const COUNT: usize>(
        tags: [&'static str; COUNT],
        settings: impl Fn(&'static str) -> Value,
    ) -> [Self; COUNT] {
        let mut nodes = Vec::new();
        for tag in tags {
            nodes.push(Self::alone(tag, settings(tag)).await);
        }
        nodes.try_into().expect("as many as tags")
    }

    async fn alone(tag: &'static str, settings: Value) -> Self {
        let program = executable(Binding::ClusterPerConnection, "node");
        let mut script = Script::start(program, Path::new(tag), &settings, &[]);
        let said = script.hear().await;
        let authority = said["listening"].as_str().expect("an address").to_owned();
        Self { tag, script, authority }
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Tells it where the node with this tag is.
    pub async fn introduce(&mut self, tag: &str, authority: &str) {
        self.script.tell(&json!({ "node": tag, "at": authority })).await;
        self.script.hear().await;
    }

    /// How many sessions it has, and how many requests and WebSockets it forwards.
    pub async fn counts(&mut self) -> [u64; 2] {
        self.script.tell(&json!({})).await;
        let said = self.script.hear().await;
        ["sessions", "forwards"].map(|name| said[name].as_u64().expect("a count"))
    }

    /// Waits until it has so many sessions, and forwards so much.
    pub async fn reaches(&mut self, counts: [u64; 2]) {
        for _ in 0..200 {
            if self.counts().await == counts {
                return;
            }
            tokio::time::sleep(core::time::Duration::from_millis(50)).await;
        }
        let at_last: Value = self.counts().await.to_vec().into();
        panic!("{} has {at_last} and not {counts:?}", self.tag);
    }

    /// Opens a session. Returns the target of its requests.
    pub async fn open(&self) -> String {
        let mut peer = Peer::connect(&self.authority).await;
        let sid = peer.get(POLLING).await.expect(200).sid();
        format!("{POLLING}&sid={sid}")
    }

    /// Opens a session, and moves it to a WebSocket through another node.
    pub async fn open_websocket(&self, edge: &Self) -> Peer {
        let target = self.open().await.replace("polling", "websocket");
        let mut websocket = Peer::websocket(&edge.authority, &target).await.expect("a 101");
        websocket.say("2probe").await;
        assert_eq!(websocket.frame().await, Frame::text("3probe"));
        websocket.say("5").await;
        websocket.hears_itself("4moved").await;
        websocket
    }

    /// Ends its process, as a crash would.
    pub fn kill(self) {
        self.script.kill();
    }

    /// Stops its process: it does nothing, and its connections stay.
    pub fn pause(&self) {
        self.script.pause();
    }

    /// Lets its process go on.
    pub fn resume(&self) {
        self.script.resume();
    }
}

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
