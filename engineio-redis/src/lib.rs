//! Engine.IO servers as one cluster over [Redis](https://redis.io), or Valkey.
//!
//! [`Redis`] is two things for a server:
//!
//! - its [`Bus`]: groups span all nodes, by publish and subscribe;
//! - its [`Directory`](engineio_hub::cluster::Directory): a node that was
//!   [announced](Redis::announce) has a key with its URL, which it renews, and which expires 5 s after
//!   its end.
//!
//! Who is in the cluster is for Redis to know: the nodes don't know of each other.
//!
//! ```no_run
//! use engineio_hub::cluster::Cluster;
//! use engineio_proto::NodeTag;
//! use engineio_redis::Redis;
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::join("redis://localhost:6379", "chat").await?;
//! let tag: NodeTag = "a".parse()?; // as in `ServerConfig::node`
//! redis.announce(tag, "http://10.0.0.7:3000".parse()?).await?;
//! // Server::builder(config).bus(redis.clone()).cluster(Cluster::new(redis))
//! # drop(Cluster::new(redis));
//! # Ok(())
//! # }
//! ```
//!
//! It needs a tokio runtime, whatever the server runs on, and Redis 6 or newer, for RESP3. It has
//! one connection, which it makes again when it is lost.
//!
//! # What it uses
//!
//! Channels and keys begin with `eio.`, the cluster's name and a dot:
//!
//! | | | |
//! |---|---|---|
//! | channel | `g.` and the group's name in base64url | messages for a group |
//! | channel | `all` | messages for all sessions |
//! | key | `n.` and a node's tag | the node's URL, for 5 s |
//!
//! # When Redis is away
//!
//! Messages wait for it, at most 4,096 of them and 16 MiB; others are refused with
//! [`BusError::Full`]. Nodes that are known already can be
//! reached, others can't until it is back. Sessions of this node notice nothing.
#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod directory;
mod publishing;
mod subscribing;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::cluster::{Bus, BusError, Deliver, Subscription};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, IntoConnectionInfo, ProtocolVersion};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use directory::Leases;
use publishing::Publishing;
use subscribing::Subscriptions;

/// A cluster over Redis, for a server's `bus` and `cluster`. Clones are cheap and mean the same
/// place in it; the last one ends it.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    connection: ConnectionManager,
    /// What all channels and keys begin with.
    prefix: String,
    runtime: Handle,
    publishing: Publishing,
    subscriptions: Arc<Subscriptions>,
    leases: Arc<Leases>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The name of a cluster is 1 to 64 characters out of `A-Z a-z 0-9 _ -`.
    #[error("the name of a cluster is 1 to 64 characters out of A-Z a-z 0-9 _ -")]
    InvalidName,
    /// The URL is wrong, Redis isn't there, or it refuses the connection: it may want a password, or
    /// be older than Redis 6.
    #[error("no connection to Redis")]
    Redis(#[from] redis::RedisError),
    /// No node can be reached at the URL that was announced.
    #[error("nodes speak HTTP without TLS to each other: announce an `http` URL with a host")]
    InvalidUrl,
}

impl Redis {
    /// Joins the cluster of this name, which all its nodes use. The URL is one for the crate `redis`,
    /// such as `redis://:password@host:6379/0`.
    ///
    /// # Errors
    ///
    /// If no cluster can have this name, or there is no connection within some seconds.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn join(url: impl IntoConnectionInfo, cluster: &str) -> Result<Self, JoinError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if cluster.is_empty() || cluster.len() > LONGEST_NAME || !cluster.bytes().all(legal) {
            return Err(JoinError::InvalidName);
        }
        let info = url.into_connection_info()?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings))?;
        let runtime = Handle::current();
        let (subscriptions, incoming) = Subscriptions::new();
        let subscriptions = Arc::new(subscriptions);
        let pushed = Arc::clone(&subscriptions);
        let config = ConnectionManagerConfig::new()
            .set_push_sender(move |push| pushed.pushed(push))
            .set_automatic_resubscription()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_secs(1));
        let connection = ConnectionManager::new_with_config(client, config).await?;
        let publishing = Publishing::start(&runtime, connection.clone());
        let leases = Arc::<Leases>::default();
        let tasks = vec![
            runtime.spawn(subscribing::deliver_all(Arc::clone(&subscriptions), incoming)),
            runtime.spawn(subscribing::follow(Arc::clone(&subscriptions), connection.clone())),
            runtime.spawn(directory::renew(Arc::clone(&leases), connection.clone())),
        ];
        Ok(Self {
            shared: Arc::new(Shared {
                connection,
                prefix: format!("eio.{cluster}."),
                runtime,
                publishing,
                subscriptions,
                leases,
                tasks: Mutex::new(tasks),
            }),
        })
    }
}

impl Bus for Redis {
    fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        self.shared.publishing.publish(format!("{}{subject}", self.shared.prefix), payload)
    }

    fn subscribe(&self, subject: &str, deliver: Deliver) -> Subscription {
        let channel = format!("{}{subject}", self.shared.prefix);
        self.shared.subscriptions.add(channel, deliver)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let tasks = self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().for_each(JoinHandle::abort);
        let (leases, connection) = (Arc::clone(&self.leases), self.connection.clone());
        self.runtime.spawn(async move { leases.end(connection).await });
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.shared.prefix).finish_non_exhaustive()
    }
}

const LONGEST_NAME: usize = 64;

/// How long a connection or an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
