//! Who knows where the nodes are.

use std::pin::Pin;
use std::sync::Arc;

use engineio_proto::NodeTag;
use http::Uri;

/// Knows where the nodes of a cluster are.
///
/// Its answers are kept: where a node is for 5 s, that there is none for 1 s. Many requests may ask
/// at once for a node that nobody has asked for yet.
pub trait Directory: Send + Sync + 'static {
    /// Where the node listens for HTTP: an `http` URL with a host and a port, such as
    /// `http://10.0.0.7:3000`. With another scheme it is unreachable. `None`: there is no such node,
    /// or none any more.
    ///
    /// If that can't be found out now, wait rather than say `None`, which ends sessions. It is given
    /// up after a second, and what was known last holds on.
    ///
    /// The tag comes from a client, who may have made it up. Its alphabet keeps it from being more
    /// than a name, but the answer should only ever name a place that is a node.
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a>;
}

/// An answer of a [`Directory`] to come.
pub type Locating<'a> = Pin<Box<dyn Future<Output = Option<Uri>> + Send + 'a>>;

impl<T: Directory + ?Sized> Directory for Arc<T> {
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a> {
        (**self).locate(node)
    }
}

impl<T: Directory + ?Sized> Directory for Box<T> {
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a> {
        (**self).locate(node)
    }
}
