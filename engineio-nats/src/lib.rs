//! Engine.IO servers as one cluster over [NATS](https://nats.io).
//!
//! [`Nats`] is two things for a server:
//!
//! - its [`Bus`]: groups span all nodes;
//! - its [`Directory`](engineio_hub::cluster::Directory): a node that was [announced](Nats::announce)
//!   answers to a subject of its tag with its URL. When it is gone, NATS says so at once.
//!
//! Who is in the cluster is for NATS to know: the nodes don't know of each other.
//!
//! ```no_run
//! use engineio_hub::cluster::Cluster;
//! use engineio_nats::Nats;
//! use engineio_proto::NodeTag;
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let client = async_nats::connect("localhost:4222").await?;
//! let nats = Nats::join(client, "chat")?;
//! let tag: NodeTag = "a".parse()?; // as in `ServerConfig::node`
//! nats.announce(tag, "http://10.0.0.7:3000".parse()?).await?;
//! // Server::builder(config).bus(nats.clone()).cluster(Cluster::new(nats))
//! # drop(Cluster::new(nats));
//! # Ok(())
//! # }
//! ```
//!
//! It needs a tokio runtime, whatever the server runs on. The connection, with its reconnects and
//! its TLS, is the [`Client`] that it is given.
//!
//! # What it sends
//!
//! All subjects begin with `eio.`, the cluster's name and a dot:
//!
//! | subject | what |
//! |---|---|
//! | `g.` and the group's name in base64url | messages for a group |
//! | `all` | messages for all sessions |
//! | `n.` and a node's tag | a request for the node's URL |
//!
//! # When NATS is away
//!
//! Messages wait for it, at most 4,096 of them and 16 MiB here, and some more in the client; others
//! are refused with [`BusError::Full`]. Nodes that are known
//! already can be reached, others can't until it is back. Sessions of this node notice nothing.
//! For 10 s after it is back, "no responders" isn't believed, since other nodes may not be back yet. A
//! node that alone loses its connection counts as gone until it has another.
#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod directory;
mod publishing;
mod settled;
mod subscribing;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::Client;
use bytes::Bytes;
use engineio_hub::cluster::{Bus, BusError, Deliver, Subscription};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

pub use directory::AnnounceError;

use publishing::Publishing;
use settled::Settled;

/// A cluster over NATS, for a server's `bus` and `cluster`. Clones are cheap and mean the same
/// place in it; the last one ends it.
#[derive(Clone)]
pub struct Nats {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    /// What all subjects begin with.
    prefix: String,
    runtime: Handle,
    publishing: Publishing,
    settled: Settled,
    /// Answer for the nodes that were announced.
    responders: Mutex<Vec<JoinHandle<()>>>,
}

/// The name of a cluster is 1 to 64 characters out of `A-Z a-z 0-9 _ -`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a cluster is 1 to 64 characters out of A-Z a-z 0-9 _ -")]
#[expect(clippy::exhaustive_structs, reason = "it says all there is")]
pub struct InvalidName;

impl Nats {
    /// Joins the cluster of this name, which all its nodes use, over this connection.
    ///
    /// # Errors
    ///
    /// If no cluster can have this name.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn join(client: Client, cluster: &str) -> Result<Self, InvalidName> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if cluster.is_empty() || cluster.len() > LONGEST_NAME || !cluster.bytes().all(legal) {
            return Err(InvalidName);
        }
        let runtime = Handle::current();
        let publishing = Publishing::start(&runtime, client.clone());
        Ok(Self {
            shared: Arc::new(Shared {
                settled: Settled::new(&client),
                client,
                prefix: format!("eio.{cluster}."),
                runtime,
                publishing,
                responders: Mutex::default(),
            }),
        })
    }
}

impl Bus for Nats {
    fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        let shared = &self.shared;
        // 0 until the first connection.
        let (length, limit) = (payload.len(), shared.client.max_payload());
        if limit > 0 && length > limit {
            return Err(BusError::TooLarge { length, limit });
        }
        shared.publishing.publish(format!("{}{subject}", shared.prefix), payload)
    }

    fn subscribe(&self, subject: &str, deliver: Deliver) -> Subscription {
        let shared = &self.shared;
        let subject = format!("{}{subject}", shared.prefix);
        let task = subscribing::deliver_all(shared.client.clone(), subject, deliver);
        let task = shared.runtime.spawn(task);
        Subscription::new(move || task.abort())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let responders = self.responders.get_mut().unwrap_or_else(PoisonError::into_inner);
        responders.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats").field("prefix", &self.shared.prefix).finish_non_exhaustive()
    }
}

const LONGEST_NAME: usize = 64;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
