//! What carries messages between the nodes.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;

/// Carries what is sent to [groups](crate::Group) between the nodes of a cluster: an existing
/// engine for publishing and subscribing, such as NATS or Redis.
///
/// The server calls it while it sends, so no method may wait or block. Messages come at most once:
/// it may lose some, and does so rather than grow without a bound. It should keep the order of
/// messages that are published to one subject by one node.
///
/// A subject is made of `A-Z a-z 0-9 _ - = .` and at most 700 characters long. Put the cluster's
/// name in front of it, as `eio.<cluster>.`, so that two clusters may share an engine.
pub trait Bus: Send + Sync + 'static {
    /// Gives the payload to all subscriptions to the subject, on all nodes. Whether the node's own
    /// are among them doesn't matter.
    ///
    /// # Errors
    ///
    /// If it isn't on its way. The server's observer is told.
    fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError>;

    /// Calls `deliver` with each payload that is published to the subject, one after the other, from
    /// soon on until the subscription is dropped. The subscription outlives lost connections.
    ///
    /// `deliver` doesn't wait. It takes as long as sending to the members of a group on this node.
    fn subscribe(&self, subject: &str, deliver: Deliver) -> Subscription;
}

/// Takes what was published.
pub type Deliver = Box<dyn Fn(Bytes) + Send + Sync>;

/// A subscription to a subject of a [`Bus`]. Dropping it ends it.
#[must_use = "dropping it ends the subscription"]
pub struct Subscription(Option<Box<dyn FnOnce() + Send + Sync>>);

/// Why a message isn't on its way to the other nodes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// The queue for the engine is full: it is away, or the server publishes faster than it takes.
    #[error("the queue for the bus is full: its server is away or too slow")]
    Full,
    /// The engine takes no message of this length.
    #[error("{length} bytes are more than the {limit} that the bus takes: raise its limit")]
    TooLarge {
        /// The length with the header.
        length: usize,
        /// The longest that it takes.
        limit: usize,
    },
    /// The connection to the engine was closed for good.
    #[error("the bus is closed")]
    Closed,
}

impl Subscription {
    /// One that calls this when it is dropped.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            // The panic hook reports a panic.
            let _ = catch_unwind(AssertUnwindSafe(end));
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

impl<T: Bus + ?Sized> Bus for Arc<T> {
    fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        (**self).publish(subject, payload)
    }

    fn subscribe(&self, subject: &str, deliver: Deliver) -> Subscription {
        (**self).subscribe(subject, deliver)
    }
}

impl<T: Bus + ?Sized> Bus for Box<T> {
    fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        (**self).publish(subject, payload)
    }

    fn subscribe(&self, subject: &str, deliver: Deliver) -> Subscription {
        (**self).subscribe(subject, deliver)
    }
}

/// Messages between nodes that don't arrive, as an [`Observer`](crate::Observer) is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusLoss<'a> {
    /// One of this node's didn't leave.
    Unsent(&'a BusError),
    /// Another node's didn't come: their numbers are missing.
    Missed {
        /// Who published them.
        node: &'a str,
        /// How many.
        count: u64,
    },
    /// One that came isn't as the guide says it has to be.
    Illegal,
}

impl BusLoss<'_> {
    /// A name for metrics: `unsent`, `missed` or `illegal`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unsent(_) => "unsent",
            Self::Missed { .. } => "missed",
            Self::Illegal => "illegal",
        }
    }

    /// How many messages are lost.
    pub const fn count(&self) -> u64 {
        match self {
            Self::Missed { count, .. } => *count,
            Self::Unsent(_) | Self::Illegal => 1,
        }
    }
}

impl fmt::Display for BusLoss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent(why) => write!(f, "a message for other nodes didn't leave: {why}"),
            Self::Missed { node, count } => {
                write!(f, "{count} messages of node {node} didn't come")
            }
            Self::Illegal => f.write_str("a message on the bus can't be read"),
        }
    }
}
