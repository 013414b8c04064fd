//! How many connections there may be.

use peer::{Peer, get, until};

use super::{POLLING, builder, echo_with};

async fn assert_full(address: std::net::SocketAddr) {
    let refused = Peer::connect(address).await.rest().await;
    assert!(refused.starts_with(b"HTTP/1.1 503 "), "{refused:?}");
}

#[tokio::test]
async fn connections_over_the_limit_are_503_until_there_is_room() {
    let (server, address) = echo_with(builder().max_connections(2));
    let mut first = Peer::connect(address).await;
    let second = Peer::connect(address).await;
    until(|| server.connections() == 2).await;
    assert_full(address).await;
    first.get(POLLING).await.expect(200);
    drop(second);
    until(|| server.connections() == 1).await;
    Peer::connect(address).await.get(POLLING).await.expect(200);
}

#[tokio::test]
async fn connections_of_one_address_have_a_limit_of_their_own() {
    let (server, address) = echo_with(builder().max_connections_per_address(1));
    let mut first = Peer::connect(address).await;
    until(|| server.connections() == 1).await;
    assert_full(address).await;
    first.get(POLLING).await.expect(200);
    // Another machine has its own count: all of 127.0.0.0/8 is this one.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.2:0".parse().expect("an address")).expect("a free port");
    let mut other = socket.connect(address).await.expect("the server listens");
    {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        other.write_all(get(POLLING).as_bytes()).await.expect("the server reads");
        let mut start = [0; 12];
        other.read_exact(&mut start).await.expect("an answer");
        assert_eq!(&start, b"HTTP/1.1 200");
    }
}
