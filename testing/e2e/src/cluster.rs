//! Three servers in one process that are a cluster, behind a balancer that picks any of them.

use std::net::SocketAddr;

use bindings::tokio::{Cluster, NodeTag, Nodes, Server, ServerConfig, ServerConfigBuilder, Socket};
use futures_util::future::select_all;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::router::{Places, Route, router};

/// Three servers that are nodes of a cluster, and the balancer in front. Dropping it ends them.
#[derive(Debug)]
pub struct ThreeNodes {
    servers: Vec<Server>,
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl ThreeNodes {
    /// Starts them, with the balancer at this address.
    pub async fn start(listen: SocketAddr, config: ServerConfigBuilder, route: Route) -> Self {
        let mut listeners = Vec::new();
        for tag in ["a", "b", "c"] {
            let tag: NodeTag = tag.parse().expect("a legal tag");
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            listeners.push((tag, listener, address));
        }
        let nodes =
            Nodes::fixed(listeners.iter().map(|(tag, _, address)| {
                (*tag, format!("http://{address}").parse().expect("a URL"))
            }));
        let addresses = Places::new(listeners.iter().map(|(_, _, address)| *address));
        let (mut servers, mut tasks) = (Vec::new(), Vec::new());
        for (tag, listener, _) in listeners {
            let config: ServerConfig = config.clone().node(tag).build().expect("it makes sense");
            let server = Server::builder(config).cluster(Cluster::new(nodes.clone())).build();
            let serving = server.serve(listener);
            tasks.push(tokio::spawn(async {
                serving.await.expect("a listener that works");
            }));
            servers.push(server);
        }
        let (address, routing) =
            router(listen, addresses, route).await.expect("an address to listen on");
        tasks.push(routing);
        Self { servers, address, tasks }
    }

    /// Where the balancer listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The session of the next client, on whichever node.
    pub async fn accept(&self) -> Option<Socket> {
        select_all(self.servers.iter().map(|server| Box::pin(server.accept()))).await.0
    }

    /// Whether no session is open, and nothing is forwarded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.servers.iter().all(|server| server.is_empty() && server.forwards() == 0)
    }
}

impl Drop for ThreeNodes {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
