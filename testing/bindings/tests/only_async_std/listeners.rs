//! Whose listeners a server takes.

use bindings::async_std::{Listener, Server, ServerConfig, bind};
use peer::{Frame, Peer, session};

use crate::suite::accept;

async fn assert_serves(listener: impl Listener, address: std::net::SocketAddr) {
    let server = Server::new(ServerConfig::default());
    tokio::spawn(accept(server.clone()));
    tokio::spawn(server.serve(listener));
    let (mut peer, target) = session(address).await;
    assert_eq!(peer.post(&target, "4hello").await.expect(200).text(), "ok");
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    let (mut peer, _) = Peer::open_websocket(address).await;
    peer.say("4hello").await;
    assert_eq!(peer.frame().await, Frame::text("4hello"));
}

#[tokio::test]
async fn listener_of_async_io_is_served() {
    let (listener, address) = bind();
    assert_serves(listener, address).await;
}

#[cfg(feature = "async-std")]
#[tokio::test]
async fn listener_of_async_std_is_served() {
    let listener = async_std::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    assert_serves(listener, address).await;
}

#[cfg(feature = "smol")]
#[tokio::test]
async fn listener_of_smol_is_served() {
    let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    assert_serves(listener, address).await;
}
