//! The nodes of a cluster: where each is, as a [`Directory`] tells it.
//!
//! A node is one process of several that serve the same clients. Its
//! [tag](engineio_proto::ServerConfig::node) stands in front of the identifiers of its sessions. A
//! server that is told of its [`Cluster`] forwards a request for a session of another node to that
//! node, so that a balancer in front may send any request anywhere.
//!
//! Who is in the cluster is for others to know: a list ([`Nodes::fixed`]), the names of a DNS
//! ([`Nodes::template`]), or a service that notices the end of a node, behind a [`Directory`] of your
//! own.

mod bus;
mod directory;
pub(crate) mod head;
mod known;
mod nodes;
pub(crate) mod parcel;
pub(crate) mod publisher;
pub(crate) mod sequence;

use std::fmt;

use engineio_proto::{Instant, NodeTag};
use http::Uri;

pub use bus::{Bus, BusError, BusLoss, Deliver, Subscription};
pub use directory::{Directory, Locating};
pub use nodes::{InvalidTemplate, Nodes, is_node_url};

use known::Known;

/// What a server is told of the cluster that it is a node of.
///
/// Give each node's server a [tag](engineio_proto::ServerConfig::node) as well: without one it
/// forwards requests, but none can be forwarded to it.
pub struct Cluster {
    directory: Box<dyn Directory>,
    known: Known,
    max_forwards: usize,
}

impl Cluster {
    /// The nodes that this directory knows.
    pub fn new(directory: impl Directory) -> Self {
        let known = Known::default();
        Self { directory: Box::new(directory), known, max_forwards: MAX_FORWARDS }
    }

    /// Sets the most requests and WebSockets that are forwarded to other nodes at one time. Further
    /// ones get 503 with `Retry-After`. Default 10,000.
    #[must_use]
    pub const fn max_forwards(mut self, count: usize) -> Self {
        self.max_forwards = count;
        self
    }

    pub(crate) const fn most_forwards(&self) -> usize {
        self.max_forwards
    }

    /// Where the node is. The directory is asked at most once in 5 s for a node, or in 1 s for one
    /// that it doesn't know. It may take until `patience` is ready; then what it said last still
    /// holds.
    pub(crate) async fn locate(
        &self,
        node: NodeTag,
        now: impl Fn() -> Instant,
        patience: impl Future<Output = ()>,
    ) -> Option<Uri> {
        self.known.locate(&*self.directory, node, now, patience).await
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("max_forwards", &self.max_forwards).finish_non_exhaustive()
    }
}

/// The default of [`Cluster::max_forwards`].
const MAX_FORWARDS: usize = 10_000;
