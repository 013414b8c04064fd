//! Directories that need no service.

use std::collections::HashMap;
use std::future::ready;

use engineio_proto::NodeTag;
use http::Uri;
use http::uri::Scheme;

use super::directory::{Directory, Locating};

/// The nodes of a cluster as a list or as a pattern of names.
#[derive(Clone, Debug)]
pub struct Nodes(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Fixed(HashMap<NodeTag, Uri>),
    /// What is in front of the tag, and behind it.
    Template(Box<str>, Box<str>),
}

impl Nodes {
    /// These nodes, each with the place where it listens, such as `http://10.0.0.7:3000`.
    pub fn fixed(nodes: impl IntoIterator<Item = (NodeTag, Uri)>) -> Self {
        Self(Kind::Fixed(nodes.into_iter().collect()))
    }

    /// Nodes whose place is this URL with their tag for `{node}`, for instance
    /// `http://{node}.chat.svc:3000` behind a headless service of Kubernetes, where the tags are the
    /// names of the pods of a stateful set.
    ///
    /// Names of hosts know no capitals and no `_`, so the tags should have none.
    ///
    /// # Errors
    ///
    /// [`InvalidTemplate`] unless it is an `http` URL of a host, with `{node}` once, in the host.
    pub fn template(template: &str) -> Result<Self, InvalidTemplate> {
        use InvalidTemplate::{NoHost, Scheme};

        let (before, after) = template.split_once("{node}").ok_or(NoHost)?;
        let tried: Uri = format!("{before}n{after}").parse().map_err(|_| NoHost)?;
        // With two letters for the tag, the host alone is longer.
        let longer: Uri = format!("{before}nn{after}").parse().map_err(|_| NoHost)?;
        let length = |uri: &Uri| uri.host().map_or(0, str::len);
        let is_in_host = length(&longer) > length(&tried)
            && !before.contains('@')
            && !after.contains("{node}")
            && tried.scheme().is_some();
        match is_in_host {
            true if is_node_url(&tried) => Ok(Self(Kind::Template(before.into(), after.into()))),
            true => Err(Scheme),
            false => Err(NoHost),
        }
    }
}

impl Directory for Nodes {
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a> {
        Box::pin(ready(match &self.0 {
            Kind::Fixed(nodes) => nodes.get(node).cloned(),
            Kind::Template(before, after) => format!("{before}{node}{after}").parse().ok(),
        }))
    }
}

/// Whether a node can be reached at this URL by others: it has a host, and its scheme is `http`,
/// since nodes speak HTTP without TLS to each other.
pub fn is_node_url(url: &Uri) -> bool {
    url.scheme() == Some(&Scheme::HTTP) && url.host().is_some_and(|host| !host.is_empty())
}

/// Why a text can't be a template of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTemplate {
    /// It is no URL with `{node}` once, in its host.
    #[error("a template of nodes is an http URL with `{{node}}` once, in its host")]
    NoHost,
    /// Its scheme is `https` or another one.
    #[error(
        "nodes speak HTTP without TLS to each other: use `http` in the template of nodes, in a \
         private network or through a mesh that encrypts"
    )]
    Scheme,
}
