//! A running nats-server or redis-server.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use engineio_nats::Nats;
use engineio_redis::Redis;
use engineio_tokio::http::Uri;
use engineio_tokio::{Bus, Directory, NodeTag};
use tokio::time::sleep;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Nats,
    Redis,
}

/// One on a port of its own. Dropping it ends it.
pub(super) struct Engine {
    kind: Kind,
    port: u16,
    child: Child,
}

impl Engine {
    pub(super) async fn start(kind: Kind) -> Self {
        let port = e2e::free_port();
        let engine = Self { kind, port, child: run(kind, port) };
        engine.wait().await;
        engine
    }

    pub(super) fn url(&self) -> String {
        let scheme = if self.kind == Kind::Nats { "nats" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    async fn wait(&self) {
        let is_there = async {
            while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        e2e::within("the engine listens", is_there).await;
    }

    /// Kills it, and starts it again, without what it knew.
    pub(super) async fn restart(&mut self, after: Duration) {
        self.kill();
        sleep(after).await;
        self.start_again().await;
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().expect("a running engine");
        self.child.wait().expect("a status");
    }

    /// After it was killed. It has forgotten everything.
    pub(super) async fn start_again(&mut self) {
        self.child = run(self.kind, self.port);
        self.wait().await;
    }

    pub(super) fn signal(&self, name: &str) {
        e2e::signal(name, self.child.id());
    }

    /// A new connection of a node to it.
    pub(super) async fn join(&self) -> Place {
        match self.kind {
            Kind::Nats => {
                // What isn't delivered in time is dropped beyond this.
                let options = async_nats::ConnectOptions::new().subscription_capacity(4096);
                let client = options.connect(self.url()).await.expect("a connection");
                Place::Nats(Nats::join(client, "chat").expect("a name"))
            }
            Kind::Redis => {
                Place::Redis(Redis::join(self.url(), "chat").await.expect("a connection"))
            }
        }
    }
}

/// A node's place in the directory.
#[derive(Clone)]
pub(super) enum Place {
    Nats(Nats),
    Redis(Redis),
}

impl Place {
    pub(super) fn bus(&self) -> Box<dyn Bus> {
        match self {
            Self::Nats(nats) => Box::new(nats.clone()),
            Self::Redis(redis) => Box::new(redis.clone()),
        }
    }

    pub(super) async fn announce(&self, tag: NodeTag, url: &str) {
        self.try_announce(tag, url).await.expect("a running engine");
    }

    pub(super) async fn try_announce(&self, tag: NodeTag, url: &str) -> Result<(), String> {
        let url: Uri = url.parse().expect("a URL");
        match self {
            Self::Nats(nats) => nats.announce(tag, url).await.map_err(|why| why.to_string()),
            Self::Redis(redis) => redis.announce(tag, url).await.map_err(|why| why.to_string()),
        }
    }

    pub(super) async fn locate(&self, tag: NodeTag) -> Option<Uri> {
        match self {
            Self::Nats(nats) => nats.locate(&tag).await,
            Self::Redis(redis) => redis.locate(&tag).await,
        }
    }
}

fn run(kind: Kind, port: u16) -> Child {
    let port = port.to_string();
    let mut command = match kind {
        Kind::Nats => {
            let mut command = Command::new(e2e::require("nats"));
            command.args(["--addr", "127.0.0.1", "--port", &port]);
            command
        }
        Kind::Redis => {
            let mut command = Command::new(e2e::require("redis"));
            command.args(["--bind", "127.0.0.1", "--port", &port, "--save", ""]);
            command
        }
    };
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("an engine")
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
