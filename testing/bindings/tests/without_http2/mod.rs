//! Where there is no HTTP/2.

use peer::Peer;

use crate::suite::{config, echo};

#[tokio::test]
async fn beginning_of_http2_is_400() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
}
