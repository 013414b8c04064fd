use std::future::IntoFuture;
use std::io;
use std::time::Duration;

use axum::{Router, routing::get};
use engineio_tokio::Server;
use tokio::net::TcpListener;

pub async fn serve(
    listener: TcpListener,
    server: Server,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let app = Router::new().route("/", get(|| async { "a page" })).layer(server.layer());
    let stopped = async {
        stop.await;
        server.close(Duration::from_secs(5)).await; // flushes and ends all sessions
    };
    tokio::select! {
        ended = axum::serve(listener, app).into_future() => ended,
        () = stopped => Ok(()), // cuts off what other routes have under way
    }
}
