//! Several servers that are nodes of a cluster, over real sockets.

mod forwarding;
mod leaving;
#[cfg(target_os = "linux")]
mod partition;
mod trouble;

use std::collections::HashMap;
use std::future::{pending, ready};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peer::until;

use crate::engineio::{
    Cluster, Directory, Locating, NodeTag, Observer, RefusedRequest, Server, ServerConfig,
    ServerConfigBuilder, Socket, serve,
};

/// A directory that learns where the nodes are.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<NodeTag, Option<SocketAddr>>>>);

impl Places {
    pub(crate) fn add(&self, tag: NodeTag, address: SocketAddr) {
        self.0.lock().expect("no panic").insert(tag, Some(address));
    }

    /// It doesn't find out where this node is.
    fn add_unknowable(&self, tag: NodeTag) {
        self.0.lock().expect("no panic").insert(tag, None);
    }
}

impl Directory for Places {
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a> {
        match self.0.lock().expect("no panic").get(node) {
            Some(Some(address)) => {
                Box::pin(ready(Some(format!("http://{address}").parse().expect("a URL"))))
            }
            Some(None) => Box::pin(pending()),
            None => Box::pin(ready(None)),
        }
    }
}

pub(crate) fn tag(text: &str) -> NodeTag {
    text.parse().expect("a legal tag")
}

/// A time that a test may have to wait for.
pub(crate) const SHORT: Duration = Duration::from_millis(100);

/// Short times for what a test has to wait for.
pub(crate) fn config() -> ServerConfigBuilder {
    ServerConfig::builder().poll_grace(SHORT).linger(SHORT)
}

/// Why requests were refused.
#[derive(Clone, Default)]
pub(crate) struct Refusals(Arc<Mutex<Vec<&'static str>>>);

impl Refusals {
    fn causes(&self) -> Vec<&'static str> {
        self.0.lock().expect("no panic").clone()
    }
}

impl Observer for Refusals {
    fn refused(&self, request: &RefusedRequest<'_>) {
        self.0.lock().expect("no panic").push(request.cause().name());
    }
}

/// A node that sends every message back.
pub(crate) struct Node {
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
    pub(crate) refusals: Refusals,
}

impl Node {
    pub(crate) async fn start(name: &str, config: ServerConfigBuilder, places: &Places) -> Self {
        Self::start_in(Cluster::new(places.clone()), name, config, places).await
    }

    async fn start_in(
        cluster: Cluster,
        name: &str,
        config: ServerConfigBuilder,
        places: &Places,
    ) -> Self {
        let config = config.node(tag(name)).build().expect("a legal configuration");
        let refusals = Refusals::default();
        let server = Server::builder(config).cluster(cluster).observer(refusals.clone()).build();
        tokio::spawn(accept(server.clone()));
        let address = serve(&server).await.0;
        places.add(tag(name), address);
        Self { server, address, refusals }
    }

    /// Waits until no session is left, and nothing is forwarded.
    pub(crate) async fn is_left_alone(&self) {
        until(|| self.server.is_empty() && self.server.forwards() == 0).await;
    }
}

/// The owner of sessions, and a node to reach them through.
async fn pair() -> (Node, Node) {
    let places = Places::default();
    (Node::start("a", config(), &places).await, Node::start("b", config(), &places).await)
}

async fn accept(server: Server) {
    while let Some(socket) = server.accept().await {
        tokio::spawn(send_back(socket));
    }
}

async fn send_back(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
