//! A server of a cluster, with one client that is a member of the group `room`.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use engineio_tokio::{
    BusLoss, Client, ClientOptions, Group, Observer, Server, ServerConfig, connect,
};

use tokio::task::JoinHandle;

use super::engine::Engine;

pub(super) struct Node {
    pub(super) server: Server,
    pub(super) room: Group,
    pub(super) losses: Losses,
    /// What the client got.
    heard: Arc<Mutex<Vec<String>>>,
    /// The client.
    listening: JoinHandle<()>,
}

/// How many messages didn't leave, and how many didn't come.
#[derive(Clone, Default)]
pub(super) struct Losses {
    pub(super) unsent: Arc<AtomicU64>,
    pub(super) missed: Arc<AtomicU64>,
}

impl Observer for Losses {
    fn bus_lost(&self, loss: &BusLoss<'_>, _is_first: bool) {
        match loss {
            BusLoss::Unsent(_) => self.unsent.fetch_add(loss.count(), SeqCst),
            _ => self.missed.fetch_add(loss.count(), SeqCst),
        };
    }
}

impl Node {
    pub(super) async fn start(engine: &Engine) -> Self {
        let losses = Losses::default();
        let builder = Server::builder(ServerConfig::default()).observer(losses.clone());
        let server: Server = builder.bus(engine.join().await.bus()).build();
        let serving = server.bind("127.0.0.1:0").expect("a free port");
        let options = ClientOptions::new(&format!("http://{}", serving.local_addr()));
        tokio::spawn(serving);
        let (client, socket) = tokio::join!(connect(options), server.accept());
        let (client, socket) = (client.expect("a session"), socket.expect("a client"));
        let room = server.group("room");
        assert!(room.join(socket.sid()));
        socket.detach();
        let heard = Arc::default();
        let listening = tokio::spawn(listen(client, Arc::clone(&heard)));
        Self { server, room, losses, heard, listening }
    }

    /// Lets the client leave, and waits until the node has nothing of it any more.
    pub(super) async fn ends(self) {
        self.listening.abort();
        peer::until(|| self.server.is_empty() && self.room.is_empty()).await;
    }

    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no panic").clone()
    }

    pub(super) fn has_heard(&self, text: &str) -> bool {
        self.heard.lock().expect("no panic").iter().any(|heard| heard == text)
    }

    /// Waits until its client gets what the other one sends: subscriptions take a moment.
    pub(super) async fn hears(&self, other: &Self) {
        let mut said = 0;
        peer::until(|| {
            said += 1;
            other.room.send(format!("are you there? {said}"));
            self.heard().iter().any(|text| text.starts_with("are you there?"))
        })
        .await;
    }
}

async fn listen(mut client: Client, heard: Arc<Mutex<Vec<String>>>) {
    while let Some(message) = client.recv().await {
        heard.lock().expect("no panic").push(message.as_text().expect("text").to_owned());
    }
}
