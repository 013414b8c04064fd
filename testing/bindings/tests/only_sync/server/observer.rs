//! An observer that panics loses what it was told, and nothing else.

use std::thread;

use engineio_sync::{Observer, ServerCloseReason, Sid};
use peer::{Peer, post, session, until};

use super::{bind, builder, echo_with};

struct Panics;

impl Observer for Panics {
    fn closed(&self, _sid: &Sid, _reason: &ServerCloseReason) {
        panic!("an observer that panics on purpose");
    }
}

#[tokio::test]
async fn sessions_end_and_others_go_on() {
    let (server, address) = echo_with(builder().observer(Panics));
    let (mut other, other_target) = session(address).await;
    for _ in 0..3 {
        let (_, target) = session(address).await;
        let mut peer = Peer::connect(address).await;
        let request = post(&target, "4hello");
        peer.send(&request[..request.len() - 1]).await;
        peer.finish().await;
        peer.rest().await;
    }
    until(|| server.len() == 1).await;
    other.post(&other_target, "4hello").await.expect(200);
    assert_eq!(other.get(&other_target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn application_hears_of_the_end() {
    let (server, address) = bind(builder().observer(Panics));
    let reading = thread::spawn(move || server.accept().expect("a client").recv());
    let (mut peer, _) = Peer::open_websocket(address).await;
    peer.say("1").await;
    until(|| reading.is_finished()).await;
    assert_eq!(reading.join().expect("no panic"), None);
}
