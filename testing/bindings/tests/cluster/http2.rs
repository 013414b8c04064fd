//! Clients that speak HTTP/2 to a node, which speaks HTTP/1.1 to the others.

use std::time::Duration;

use peer::Frame;

use crate::client::Client;
use crate::cluster::{Node, Places, config};

#[tokio::test]
async fn session_of_another_node_works_over_http2() {
    let places = Places::default();
    let owner = Node::start("a", config(), &places).await;
    let edge = Node::start("b", config(), &places).await;
    let target = Client::connect(owner.address).await.session().await;
    let client = Client::connect(edge.address).await;
    assert_eq!(client.post(&target, "4polled").await.text, "ok");
    assert_eq!(client.get(&target).await.text, "4polled");
    let mut websocket =
        client.websocket(&target.replace("polling", "websocket")).await.expect("200");
    for (said, heard) in [("2probe", "3probe"), ("5", ""), ("4moved", "4moved")] {
        websocket.say(said).await;
        if !heard.is_empty() {
            assert_eq!(websocket.frame().await, Frame::text(heard));
        }
    }
    let long = format!("4{}", "x".repeat(60_000));
    for _ in 0..20 {
        websocket.say(&long).await;
        assert_eq!(websocket.frame().await, Frame::text(&long));
    }
    assert_eq!((owner.server.len(), edge.server.forwards()), (1, 1));
    websocket.say_close(1000).await;
    assert_eq!(websocket.frame().await, Frame::Close(1000));
    websocket.end().await;
    owner.is_left_alone().await;
    edge.is_left_alone().await;
    // The connection goes on.
    assert_eq!(client.get(&target).await.status, 400);
}

#[tokio::test]
async fn client_that_leaves_its_connection_of_http2_is_missed_by_the_owner() {
    let places = Places::default();
    let owner = Node::start("a", config(), &places).await;
    let edge = Node::start("b", config(), &places).await;
    let target = Client::connect(owner.address).await.session().await;
    let client = Client::connect(edge.address).await;
    let waiting = tokio::spawn({
        let (client, target) = (client.clone(), target.clone());
        async move { client.get(&target).await }
    });
    peer::until(|| edge.server.forwards() == 1).await;
    waiting.abort();
    owner.is_left_alone().await;
    edge.is_left_alone().await;
    assert!(!client.is_over());
}

#[tokio::test]
async fn poll_and_websocket_over_http2_leave_a_node_that_closes() {
    let places = Places::default();
    let owner = Node::start("a", config(), &places).await;
    let edge = Node::start("b", config(), &places).await;
    let client = Client::connect(edge.address).await;
    let polling = Client::connect(owner.address).await.session().await;
    let target = Client::connect(owner.address).await.session().await;
    let mut websocket =
        client.websocket(&target.replace("polling", "websocket")).await.expect("200");
    for (said, heard) in [("2probe", "3probe"), ("5", ""), ("4moved", "4moved")] {
        websocket.say(said).await;
        if !heard.is_empty() {
            assert_eq!(websocket.frame().await, Frame::text(heard));
        }
    }
    let waiting = tokio::spawn({
        let (client, polling) = (client.clone(), polling.clone());
        async move { client.get(&polling).await }
    });
    peer::until(|| edge.server.forwards() == 2).await;
    let closing = tokio::spawn({
        let server = edge.server.clone();
        async move { server.close(Duration::from_secs(60)).await }
    });
    assert_eq!(waiting.await.expect("no panic").text, "6");
    assert_eq!(websocket.frame().await, Frame::text("1"));
    assert_eq!(websocket.frame().await, Frame::Close(1001));
    websocket.say_close(1001).await;
    websocket.end().await;
    peer::within(closing).await.expect("no panic");
    edge.is_left_alone().await;
    assert_eq!(owner.server.len(), 1);
}
