//! What holds a closing server up, and for how long.

use std::time::Duration;

use bindings::async_std::{Server, ServerConfig, serve};
use peer::{Peer, session, until, within};

use crate::suite::{POLLING, accept, config};

/// Peers that don't answer the close frame, don't poll, and don't finish what they began.
#[tokio::test]
async fn peers_that_do_nothing_hold_it_up_until_its_deadline() {
    let server = Server::new(config().linger(Duration::MAX).build().expect("a configuration"));
    tokio::spawn(accept(server.clone()));
    let (address, serving) = serve(&server).await;
    let (_silent, _) = Peer::open_websocket(address).await;
    let (mut half, _never_polls) = session(address).await;
    half.send(format!("POST {POLLING}&sid=nobody HTTP/1.1\r\n")).await;
    half.send("Host: test\r\nContent-Length: 10\r\n\r\nhalf").await;
    until(|| server.len() == 2).await;
    within(server.close(Duration::from_millis(400))).await;
    within(serving).await.expect("no panic").expect("no failure of the listener");
    assert!(server.is_empty());
    assert_eq!(half.rest().await.len(), 0);
}

#[tokio::test]
async fn listener_that_begins_after_it_ends_at_once() {
    let server = Server::new(ServerConfig::default());
    within(server.close(Duration::ZERO)).await;
    let (_, serving) = serve(&server).await;
    within(serving).await.expect("no panic").expect("no failure of the listener");
}

#[tokio::test]
async fn task_of_the_server_ends_with_its_last_handle() {
    let server: Server<Told> = Server::builder(ServerConfig::default()).build();
    let (address, serving) = serve(&server).await;
    let (told, mut ended) = tokio::sync::oneshot::channel();
    let mut peer = Peer::connect(address).await;
    peer.send(peer::get(POLLING)).await;
    let incoming = within(server.incoming()).await.expect("a client");
    incoming.accept_with(Told(Some(told))).expect("it waits").detach();
    peer.answer().await.expect(200);
    assert!(ended.try_recv().is_err());
    serving.abort();
    drop((server, peer));
    within(ended).await.expect("it was said");
}

/// Says when it is dropped.
struct Told(Option<tokio::sync::oneshot::Sender<()>>);

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(told) = self.0.take() {
            let _ = told.send(());
        }
    }
}
