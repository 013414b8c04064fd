//! A server beside pages of the application's.

use std::net::SocketAddr;

use bindings::async_std::{Server, ServerConfig, bind};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use peer::{Peer, get, post, session};

use crate::suite::{POLLING, accept, config, echo};

async fn pages(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(Full::default());
    match parts.uri.path() {
        "/" => *response.body_mut() = "<p>hello</p>".into(),
        "/echo" => *response.body_mut() = body.collect().await.expect("a body").to_bytes().into(),
        "/panic" => panic!("a handler that panics on purpose"),
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}

fn mounted() -> (Server, SocketAddr) {
    let server = Server::new(ServerConfig::default());
    tokio::spawn(accept(server.clone()));
    let (listener, address) = bind();
    tokio::spawn(server.serve_with(listener, pages));
    (server, address)
}

#[tokio::test]
async fn handler_serves_pages_beside_the_sessions_on_the_same_connection() {
    let (_, address) = mounted();
    let (mut peer, target) = session(address).await;
    assert_eq!(peer.get("/").await.expect(200).text(), "<p>hello</p>");
    let long = "x".repeat(100_000);
    assert_eq!(peer.post("/echo", &long).await.expect(200).text(), long);
    peer.get("/other").await.expect(404);
    peer.get("/engine.ioo").await.expect(404);
    assert_eq!(peer.post(&target, "4hello").await.expect(200).text(), "ok");
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn handler_that_panics_ends_its_connection_and_harms_nobody() {
    let (_, address) = mounted();
    let (mut peer, target) = session(address).await;
    let mut other = Peer::connect(address).await;
    other.send(post("/panic", "")).await;
    assert_eq!(other.rest().await.len(), 0);
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn other_paths_are_404_without_a_handler() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.get("/").await.expect(404);
    peer.post("/", "something").await.expect(404);
}

#[tokio::test]
async fn http2_is_not_spoken() {
    let (_, address) = mounted();
    let mut peer = Peer::connect(address).await;
    peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(peer.rest().await.len(), 0);
    Peer::connect(address).await.request(get(POLLING)).await.expect(200);
}
