//! WebSockets over HTTP/2, under axum, under bare hyper and alone.

mod client;
mod ends;
mod flow;
mod handshake;

use std::net::SocketAddr;

use axum::Router;
use bindings::tokio::{Server, ServerConfig};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use peer::Frame;
use tokio::net::TcpListener;

use self::client::Client;
use super::{new_echo, serve_axum};
use crate::suite::{config, echo};

/// A message goes to the server and back over polling, over the WebSocket that takes over, and over
/// one of its own, all on one connection.
async fn assert_serves(address: SocketAddr, path: &str) {
    let client = Client::connect_at(address, path).await;
    let target = client.session().await;
    assert_eq!(client.post(&target, "4polled").await.text, "ok");
    assert_eq!(client.get(&target).await.text, "4polled");
    let mut probe = client.websocket(&target.replace("polling", "websocket")).await.expect("200");
    for (said, heard) in [("2probe", Some("3probe")), ("5", None), ("4moved", Some("4moved"))] {
        probe.say(said).await;
        if let Some(heard) = heard {
            assert_eq!(probe.frame().await, Frame::text(heard));
        }
    }
    let (mut websocket, _) = client.open_websocket().await;
    let long = "x".repeat(60_000);
    for message in ["4hello", &format!("4{long}")] {
        websocket.say(message).await;
        assert_eq!(websocket.frame().await, Frame::text(message));
    }
    assert_eq!(client.get(&target).await.status, 400, "the session is on its WebSocket");
}

#[tokio::test]
async fn websockets_over_http2_work_alone() {
    let (_, address) = echo(config()).await;
    assert_serves(address, "/engine.io/").await;
}

#[tokio::test]
async fn websockets_over_http2_work_under_axum() {
    let server = new_echo(ServerConfig::default());
    let address = serve_axum(Router::new().layer(server.layer())).await;
    assert_serves(address, "/engine.io/").await;
}

#[tokio::test]
async fn websockets_over_http2_work_under_axum_on_a_path_of_its_own() {
    let server = new_echo(config().every_path().build().expect("a legal configuration"));
    let router = Router::new().nest_service("/live/socket", server.service());
    let address = serve_axum(router).await;
    assert_serves(address, "/live/socket/").await;
}

#[tokio::test]
async fn websockets_over_http2_work_under_bare_hyper() {
    let server = new_echo(ServerConfig::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(server.service());
            let mut http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            http.enable_connect_protocol();
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    });
    assert_serves(address, "/engine.io/").await;
}

/// A server whose sessions nobody reads.
async fn unread(config: bindings::tokio::ServerConfigBuilder) -> (Server, SocketAddr) {
    let server = Server::new(config.build().expect("a legal configuration"));
    let address = crate::suite::listen(&server).await;
    let accepting = server.clone();
    tokio::spawn(async move {
        let mut sockets = Vec::new();
        while let Some(socket) = accepting.accept().await {
            sockets.push(socket);
        }
    });
    (server, address)
}
