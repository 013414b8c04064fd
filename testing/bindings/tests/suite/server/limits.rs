//! How many connections there may be.

use std::net::SocketAddr;

use peer::{Frame, Peer, get, until, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::refusals::Told;
use crate::engineio::{Server, ServerBuilder, ServerConfig};
use crate::suite::{POLLING, accept, is_for_actix_web, listen};

/// A server that accepts everybody, and what it tells of others.
async fn serve(builder: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (Told, Server, SocketAddr) {
    let told = Told::default();
    let config = ServerConfig::default();
    let server = builder(Server::builder(config).observer(told.clone())).build();
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    (told, server, address)
}

async fn assert_full(address: SocketAddr) {
    let refused = Peer::connect(address).await.rest().await;
    assert!(refused.starts_with(b"HTTP/1.1 503 "), "{refused:?}");
}

#[tokio::test]
async fn connections_over_the_limit_are_503_until_there_is_room() {
    if is_for_actix_web("it counts connections itself") {
        return;
    }
    let (told, server, address) = serve(|it| it.max_connections(2)).await;
    let mut first = Peer::connect(address).await;
    // It counts as long as it lasts, not just until its upgrade.
    let (mut second, _) = Peer::open_websocket(address).await;
    until(|| server.connections() == 2).await;
    assert_full(address).await;
    assert_full(address).await;
    assert_eq!(
        told.lines(2).await,
        ["warn   127.0.0.1 too_many_connections", "debug   127.0.0.1 too_many_connections"]
    );
    assert!(told.sentence(0).contains("`max_connections`"), "{}", told.sentence(0));
    first.get(POLLING).await.expect(200);
    second.say("4hello").await;
    assert_eq!(second.frame().await, Frame::text("4hello"));
    drop(second);
    until(|| server.connections() == 1).await;
    Peer::connect(address).await.get(POLLING).await.expect(200);
}

#[tokio::test]
async fn connections_of_one_address_have_a_limit_of_their_own() {
    if is_for_actix_web("it counts connections itself") {
        return;
    }
    let (told, server, address) = serve(|it| it.max_connections_per_address(1)).await;
    let mut first = Peer::connect(address).await;
    until(|| server.connections() == 1).await;
    assert_full(address).await;
    assert_eq!(told.lines(1).await, ["warn   127.0.0.1 too_many_from_address"]);
    first.get(POLLING).await.expect(200);
    // Another machine has its own count: all of 127.0.0.0/8 is this one.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.2:0".parse().expect("an address")).expect("a free port");
    let mut other = socket.connect(address).await.expect("the server listens");
    within(other.write_all(get(POLLING).as_bytes())).await.expect("the server reads");
    let mut start = [0; 12];
    within(other.read_exact(&mut start)).await.expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 200");
}

#[tokio::test]
async fn no_connection_is_left_when_all_have_gone() {
    if is_for_actix_web("it counts connections itself") {
        return;
    }
    let (_, server, address) = serve(|it| it.max_connections_per_address(10)).await;
    let mut peers = Vec::new();
    for _ in 0..5 {
        peers.push(Peer::open_websocket(address).await.0);
        peers.push(Peer::connect(address).await);
    }
    until(|| server.connections() == 10).await;
    drop(peers);
    until(|| server.connections() == 0).await;
}
