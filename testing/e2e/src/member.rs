//! Nodes whose sessions are in one group, each in its own process.

use std::path::Path;

use serde_json::json;

use crate::Script;
use crate::binding::Binding;
use crate::example::executable;

/// A node of a cluster over a bus. All its sessions are members of one group, over all nodes. Dropping
/// it ends it at once, without a goodbye.
#[derive(Debug)]
pub struct Member {
    script: Script,
    authority: String,
}

/// What a node has, and what it has lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// How many sessions are open.
    pub sessions: u64,
    /// How many of them are in the group.
    pub members: u64,
    /// How many messages didn't leave it.
    pub unsent: u64,
    /// How many messages of others didn't come.
    pub missed: u64,
}

impl Member {
    /// Starts one over the bus at this URL.
    pub async fn start(bus: &str) -> Self {
        let settings = json!({ "bus": bus });
        let program = executable(Binding::ClusterPerConnection, "member");
        let mut script = Script::start(program, Path::new("member"), &settings, &[]);
        let said = script.hear().await;
        let authority = said["listening"].as_str().expect("an address").to_owned();
        Self { script, authority }
    }

    /// Host and port, which are in all that it says.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The URL for a client.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// Lets it send so many messages to the group: numbers that begin where the last ones ended, the
    /// first of all is 1, and behind them its authority and `padding` letters. It needn't have sent
    /// them when this returns.
    pub async fn say(&mut self, count: u64, padding: u64) {
        self.script.tell(&json!({ "say": count, "padding": padding })).await;
    }

    /// What it has, after what it was told before.
    pub async fn census(&mut self) -> Census {
        self.script.tell(&json!({})).await;
        let said = self.script.hear().await;
        let count = |name: &str| said[name].as_u64().unwrap_or_else(|| panic!("{name}: {said}"));
        Census {
            sessions: count("sessions"),
            members: count("members"),
            unsent: count("unsent"),
            missed: count("missed"),
        }
    }

    /// Waits until so many sessions are open, all of them in the group, and returns what it has then.
    pub async fn reaches(&mut self, sessions: u64) -> Census {
        for _ in 0..400 {
            let census = self.census().await;
            if (census.sessions, census.members) == (sessions, sessions) {
                return census;
            }
            tokio::time::sleep(core::time::Duration::from_millis(50)).await;
        }
        panic!("{:?} and not {sessions} sessions", self.census().await);
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
