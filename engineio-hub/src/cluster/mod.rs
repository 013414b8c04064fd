//! The nodes of a cluster: where each is, as a [`Directory`] tells it.
//!
//! A node is one process of several that serve the same clients. Its
//! [tag](engineio_proto::ServerConfig::node) stands in front of the identifiers of its sessions, so
//! each request tells whose it is.
//!
//! Who is in the cluster is for others to know: a list ([`Nodes::fixed`]), the names of a DNS
//! ([`Nodes::template`]), or a service that notices the end of a node, behind a [`Directory`] of your
//! own.

mod directory;
mod nodes;

pub use directory::{Directory, Locating};
pub use nodes::{InvalidTemplate, Nodes};
