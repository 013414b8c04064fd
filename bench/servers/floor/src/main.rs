//! Answers the load's clients with as little work as tokio and hyper allow: nothing is checked, no
//! limit is kept, no heartbeat is awaited, and an echo leaves from the memory that it was read to.
//! What a server takes beyond this is its own.

mod http;
mod sessions;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use server_options::{Options, listening};
use tokio::net::TcpListener;

use sessions::Sessions;

fn main() {
    // It has no application that could be told in one way or another.
    let options = Options::parse();
    let pings = options.ping_interval();
    options.runtime().block_on(async { tokio::spawn(serve(pings)).await }).expect("no panic");
}

async fn serve(pings: Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listening(listener.local_addr().expect("an address"));
    let sessions = Arc::new(Sessions::new(pings));
    loop {
        let (stream, _) = listener.accept().await.expect("a listener that works");
        let _ = stream.set_nodelay(true);
        let sessions = Arc::clone(&sessions);
        let service = service_fn(move |request| http::answer(Arc::clone(&sessions), request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // Clients end as they like.
            let _ = connection.with_upgrades().await;
        });
    }
}
