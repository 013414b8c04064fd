//! A node of a cluster over a bus, whose sessions are all in one group, driven by lines of JSON.
//!
//! It takes a name that it ignores, and its settings: `{"bus":"redis://127.0.0.1:6379"}`, or `nats://`.
//! It says `{"listening":"127.0.0.1:3000"}`. Told `{"say":3,"padding":8}`, it sends three messages to
//! the group: a number, its address, and eight letters. Asked `{}`, it says what it has and has lost.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use engineio_nats::Nats;
use engineio_redis::Redis;
use engineio_tokio::{BusLoss, Observer, Server};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How many messages didn't leave, and how many didn't come.
#[derive(Clone, Default)]
struct Losses {
    unsent: Arc<AtomicU64>,
    missed: Arc<AtomicU64>,
}

impl Observer for Losses {
    fn bus_lost(&self, loss: &BusLoss<'_>, _is_first: bool) {
        match loss {
            BusLoss::Unsent(_) => self.unsent.fetch_add(loss.count(), SeqCst),
            _ => self.missed.fetch_add(loss.count(), SeqCst),
        };
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let settings = std::env::args().nth(2).expect("the settings");
    let settings: Value = serde_json::from_str(&settings).expect("JSON");
    let bus = settings["bus"].as_str().expect("a URL");
    // What comes at once after a halt has to find room.
    let config = e2e::patient().outbox_high_water(256 << 20).build().expect("it makes sense");
    let losses = Losses::default();
    let builder = Server::builder(config).observer(losses.clone());
    let server: Server = if bus.starts_with("nats:") {
        let client = async_nats::connect(bus).await.expect("a running nats-server");
        builder.bus(Nats::join(client, "chat").expect("a name")).build()
    } else {
        builder.bus(Redis::join(bus, "chat").await.expect("a running redis-server")).build()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    println!("{}", json!({ "listening": address.to_string() }));
    let told = server.clone();
    std::thread::spawn(move || {
        obey(&told, &losses, &address.to_string());
        std::process::exit(0);
    });
    let serving = server.serve(listener);
    let joining = async {
        while let Some(socket) = server.accept().await {
            server.group("room").join(socket.sid());
            socket.detach();
        }
    };
    let (served, ()) = tokio::join!(serving, joining);
    served.expect("a listener that works");
}

/// Does what the lines of the input say.
fn obey(server: &Server, losses: &Losses, address: &str) {
    let (room, mut last) = (server.group("room"), 0);
    for line in std::io::stdin().lock().lines() {
        let told: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
        if let Some(count) = told["say"].as_u64() {
            let padding = usize::try_from(told["padding"].as_u64().unwrap_or_default());
            let padding = "x".repeat(padding.expect("a length"));
            for _ in 0..count {
                last += 1;
                room.send(format!("{last} {address} {padding}"));
            }
        } else {
            let census = json!({
                "sessions": server.len(),
                "members": room.len(),
                "unsent": losses.unsent.load(SeqCst),
                "missed": losses.missed.load(SeqCst),
            });
            println!("{census}");
        }
    }
}
