//! A node of a cluster that sends every message back, driven by lines of JSON.
//!
//! It takes a name that it ignores, and its settings: `{"node":"a","poll_grace":300}`. It says
//! `{"listening":"127.0.0.1:3000"}`. Told `{"node":"b","at":"127.0.0.1:3001"}`, it knows where a
//! node is. With `"bus":"redis://127.0.0.1:6379"`, or `nats://`, in its settings it asks that instead,
//! and announces itself there. Asked `{}`, it says how many sessions and
//! forwards it has.

use std::collections::HashMap;
use std::future::ready;
use std::io::BufRead;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bindings::tokio::{Cluster, Directory, Locating, NodeTag, Server, ServerConfig, Socket, serve};
use engineio_nats::Nats;
use engineio_redis::Redis;
use serde_json::{Value, json};

/// The nodes that it was told of.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<HashMap<NodeTag, String>>>);

impl Directory for Known {
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a> {
        let known = self.0.lock().expect("no panic");
        let place = known.get(node).map(|at| format!("http://{at}").parse().expect("an address"));
        Box::pin(ready(place))
    }
}

/// How it finds the others.
enum Nodes {
    Told(Known),
    Nats(Nats),
    Redis(Redis),
}

impl Nodes {
    async fn over(bus: Option<&str>) -> Self {
        match bus {
            None => Self::Told(Known::default()),
            Some(url) if url.starts_with("nats:") => {
                let client = async_nats::connect(url).await.expect("a running nats-server");
                Self::Nats(Nats::join(client, "chat").expect("a name"))
            }
            Some(url) => {
                Self::Redis(Redis::join(url, "chat").await.expect("a running redis-server"))
            }
        }
    }

    fn cluster(&self) -> Cluster {
        match self {
            Self::Told(known) => Cluster::new(known.clone()),
            Self::Nats(nats) => Cluster::new(nats.clone()),
            Self::Redis(redis) => Cluster::new(redis.clone()),
        }
    }

    async fn announce(&self, tag: NodeTag, authority: &str) {
        let url = format!("http://{authority}").parse().expect("a URL");
        match self {
            Self::Told(_) => {}
            Self::Nats(nats) => nats.announce(tag, url).await.expect("a running nats-server"),
            Self::Redis(redis) => redis.announce(tag, url).await.expect("a running redis-server"),
        }
    }

    /// Learns where a node is.
    fn learn(&self, tag: NodeTag, authority: &str) {
        if let Self::Told(known) = self {
            known.0.lock().expect("no panic").insert(tag, authority.to_owned());
        }
    }
}

fn tag(told: &Value) -> NodeTag {
    told["node"].as_str().expect("a tag").parse().expect("a legal tag")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let settings = std::env::args().nth(2).expect("the settings");
    let settings: Value = serde_json::from_str(&settings).expect("JSON");
    let minute = Duration::from_secs(60);
    let grace = Duration::from_millis(settings["poll_grace"].as_u64().expect("a time"));
    let config = ServerConfig::builder()
        .ping_interval(minute)
        .ping_timeout(minute)
        .poll_grace(grace)
        .node(tag(&settings));
    let config = config.build().expect("it makes sense");
    let nodes = Nodes::over(settings["bus"].as_str()).await;
    let server = Server::builder(config).cluster(nodes.cluster()).build();
    let (address, _) = serve(&server).await;
    nodes.announce(tag(&settings), &address.to_string()).await;
    println!("{}", json!({ "listening": address.to_string() }));
    let asked = server.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let told: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
            if let Some(at) = told["at"].as_str() {
                nodes.learn(tag(&told), at);
            }
            println!("{}", json!({ "sessions": asked.len(), "forwards": asked.forwards() }));
        }
        std::process::exit(0);
    });
    while let Some(socket) = server.accept().await {
        tokio::spawn(echo(socket));
    }
}

async fn echo(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
