//! A node: the chat, with the guests of all nodes in one room.

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use clap::Args;
use engineio_redis::Redis;
use engineio_tokio::{Cluster, Incoming, NodeTag, Server, ServerConfig, Socket};
use examples::{FromPage, ToPage, name, page};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tokio::sync::oneshot;

#[derive(Args)]
pub(crate) struct Options {
    /// What stands in front of the identifiers of its sessions. Each process has another.
    #[arg(long)]
    tag: NodeTag,
    /// The Redis of the cluster.
    #[arg(long, value_name = "URL")]
    redis: String,
    /// Address and port to listen on.
    #[arg(long)]
    listen: SocketAddr,
    /// End also when the standard input does.
    #[arg(long)]
    attached: bool,
    /// Where the other nodes reach it, if that isn't the address it listens on.
    #[arg(long)]
    url: Option<String>,
}

/// Someone on this node. The number identifies them in public.
struct Guest {
    id: u64,
    /// The name at login. They may change it later.
    name: String,
}

#[tokio::main]
pub(crate) async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(options.listen).await?;
    let address = listener.local_addr()?;
    let redis = Redis::join(options.redis.as_str(), "chat").await?;
    let url = options.url.unwrap_or_else(|| format!("http://{address}"));
    redis.announce(options.tag, url.parse()?).await?;

    let config = ServerConfig::builder().node(options.tag).max_payload(16 * 1024).build()?;
    let server: Server<Guest> =
        Server::builder(config).bus(redis.clone()).cluster(Cluster::new(redis)).build();
    tokio::spawn(welcome(server.clone()));
    println!("listening on http://{address}");

    let app = Router::new().fallback(file).layer(server.layer());
    tokio::select! {
        result = axum::serve(listener, app) => result?,
        // Guests get what was said so far, a goodbye, and come back on another node.
        () = async {
            end(options.attached).await;
            server.drain(Duration::from_secs(3)).await;
        } => {}
    }
    Ok(())
}

/// Waits for Ctrl-C, or if it is attached for the end of the standard input.
async fn end(is_attached: bool) {
    let (tell, told) = oneshot::channel();
    if is_attached {
        thread::spawn(move || {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            let _ = tell.send(());
        });
        tokio::select! {
            _ = told => {}
            _ = ctrl_c() => {}
        }
    } else {
        let _ = ctrl_c().await;
    }
}

/// A file of the page.
async fn file(request: Request) -> Response<Body> {
    page(request).map(Body::from)
}

/// Admits guests until the server closes.
async fn welcome(server: Server<Guest>) {
    // Numbers that no other node gives.
    let last_id = Arc::new(AtomicU64::new(RandomState::new().hash_one(()) >> 20 << 8));
    while let Some(incoming) = server.incoming().await {
        if let Some(socket) = log_in(incoming, &last_id) {
            tokio::spawn(listen(server.clone(), socket));
        }
    }
}

/// `None`: the guest was refused, or has left.
fn log_in(incoming: Incoming<Guest>, last_id: &AtomicU64) -> Option<Socket<Guest>> {
    match name(incoming.query("name").as_deref()) {
        Ok(name) => {
            let id = last_id.fetch_add(1, Ordering::Relaxed) + 1;
            incoming.message(ToPage::Welcome { id }).accept_with(Guest { id, name })
        }
        Err(_) => {
            incoming.refuse_json(401, "who are you?");
            None
        }
    }
}

/// Passes this guest's messages on to everyone on all nodes, until they leave. How many are here
/// is what this node knows: no node counts the guests of others.
async fn listen(server: Server<Guest>, mut socket: Socket<Guest>) {
    let (id, mut name) = (socket.data().id, socket.data().name.clone());
    server.broadcast_to_cluster(ToPage::Join { name: &name, here: server.len() });
    while let Some(message) = socket.recv().await {
        match FromPage::read(&message) {
            Some(FromPage::Say { text }) => {
                server.broadcast_to_cluster(ToPage::Say { id, name: &name, text: &text });
            }
            Some(FromPage::Rename { name: new }) => {
                let was = &mem::replace(&mut name, new);
                server.broadcast_to_cluster(ToPage::Rename { was, name: &name });
            }
            // The client isn't our page.
            _ => break,
        }
    }
    drop(socket);
    server.broadcast_to_cluster(ToPage::Leave { name: &name, here: server.len() });
}
