//! engineioxide on hyper, as its own examples serve it.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use clap::Parser as _;
use engineioxide::config::EngineIoConfig;
use engineioxide::handler::EngineIoHandler;
use engineioxide::service::EngineIoService;
use engineioxide::{DisconnectReason, Socket, Str};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use server_options::{MAX_PAYLOAD, Options, PING_TIMEOUT, TO_ALL, listening};
use tokio::net::TcpListener;

/// Sends every message back.
#[derive(Debug, Default)]
struct Echo {
    /// For broadcasts, which it has no call for.
    sockets: RwLock<HashMap<String, Arc<Socket<()>>>>,
}

impl EngineIoHandler for Echo {
    type Data = ();

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<()>>) {
        self.sockets.write().expect("no panic").insert(socket.id.to_string(), socket);
    }

    fn on_disconnect(&self, socket: Arc<Socket<()>>, _reason: DisconnectReason) {
        self.sockets.write().expect("no panic").remove(&socket.id.to_string());
    }

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<()>>) {
        if message.starts_with(TO_ALL) {
            for socket in self.sockets.read().expect("no panic").values() {
                let _ = socket.emit(message.clone());
            }
        } else {
            let _ = socket.emit(message);
        }
    }

    fn on_binary(self: &Arc<Self>, data: Bytes, socket: Arc<Socket<()>>) {
        let _ = socket.emit_binary(data);
    }
}

fn main() {
    let options = Options::parse();
    options.runtime().block_on(async { tokio::spawn(serve(options)).await }).expect("no panic");
}

async fn serve(options: Options) {
    let config = EngineIoConfig::builder()
        .ping_interval(options.ping_interval())
        .ping_timeout(PING_TIMEOUT)
        .max_payload(MAX_PAYLOAD as u64)
        .build();
    let service = EngineIoService::with_config(Arc::new(Echo::default()), config);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listening(listener.local_addr().expect("an address"));
    loop {
        let (stream, _) = listener.accept().await.expect("a listener that works");
        let _ = stream.set_nodelay(true);
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(async move {
            // Clients end as they like.
            let _ = connection.with_upgrades().await;
        });
    }
}
