//! A node of `engineio-sync`, which forwards nothing, and one of `engineio-tokio` that forwards requests
//! to it.

use std::time::Duration;

use bindings::sync;
use peer::{Frame, Peer, get, session, until, within};

use crate::cluster::{Node, Places, config, tag};

/// A node with threads that sends every message back, and another one to reach it through.
async fn pair() -> (sync::Server, std::net::SocketAddr, Node) {
    let places = Places::default();
    let config_of_owner = config().node(tag("a")).build().expect("a legal configuration");
    let owner = sync::Server::new(config_of_owner);
    let accepting = owner.clone();
    tokio::spawn(async move {
        while let Some(mut socket) = accepting.accept().await {
            tokio::spawn(async move {
                while let Some(message) = socket.recv().await {
                    let _ = socket.send(message).await;
                }
            });
        }
    });
    let (address, _) = sync::serve(&owner).await;
    places.add(tag("a"), address);
    (owner, address, Node::start("b", config(), &places).await)
}

#[tokio::test]
async fn session_of_a_node_with_threads_goes_through_another_node_until_that_closes() {
    let (owner, address, edge) = pair().await;
    let through = edge.address.to_string();
    let (_, polling) = session(address).await;
    let mut waiting = Peer::connect(edge.address).await;
    waiting.post(&polling, "4hello").await.expect(200);
    assert_eq!(waiting.get(&polling).await.expect(200).text(), "4hello");
    let (_, target) = session(address).await;
    let target = target.replace("polling", "websocket");
    let mut websocket = Peer::websocket(&through, &target).await.expect("a 101");
    for (said, heard) in [("2probe", "3probe"), ("5", ""), ("4moved", "4moved")] {
        websocket.say(said).await;
        if !heard.is_empty() {
            assert_eq!(websocket.frame().await, Frame::text(heard));
        }
    }
    waiting.send(get(&polling)).await;
    until(|| edge.server.forwards() == 2).await;
    let closing = tokio::spawn({
        let server = edge.server.clone();
        async move { server.close(Duration::from_secs(60)).await }
    });
    assert_eq!(waiting.answer().await.expect(200).text(), "6");
    assert_eq!(websocket.frame().await, Frame::text("1"));
    assert_eq!(websocket.frame().await, Frame::Close(1001));
    websocket.say_close(1001).await;
    websocket.end().await;
    within(closing).await.expect("no panic");
    edge.is_left_alone().await;
    drop(owner);
}
