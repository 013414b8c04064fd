//! What an application can do with a client that asks for a session.

use std::collections::HashMap;
use std::time::Duration;

use peer::{Frame, Peer, get, until, upgrade, within};

use crate::engineio::{Incoming, Server, ServerCloseReason, ServerConfig, Transport};
use crate::suite::{POLLING, WEBSOCKET, config, listen};

/// Looks the token up in a database that takes its time.
async fn user_of(incoming: &Incoming<String>) -> Option<String> {
    let users = HashMap::from([("Bearer 123", "ann"), ("Bearer 456", "bob")]);
    tokio::time::sleep(Duration::from_millis(10)).await;
    let token = incoming.header("authorization")?;
    users.get(token).map(|name| (*name).to_owned())
}

async fn only_known_users(server: Server<String>) {
    while let Some(incoming) = server.incoming().await {
        match user_of(&incoming).await {
            Some(name) => {
                let welcome = format!("hello {name}");
                let incoming =
                    incoming.response_header("x-user", name.as_str()).expect("a legal header");
                if let Some(socket) = incoming.message(welcome).accept_with(name) {
                    socket.detach();
                }
            }
            None => incoming.refuse(401, r#"{"why":"who are you?"}"#),
        }
    }
}

async fn known_users() -> (Server<String>, std::net::SocketAddr) {
    let server = Server::builder(ServerConfig::default()).build();
    tokio::spawn(only_known_users(server.clone()));
    let address = listen(&server).await;
    (server, address)
}

fn with_token(request: &str, token: &str) -> String {
    request.replacen("\r\n", &format!("\r\nAuthorization: Bearer {token}\r\n"), 1)
}

#[tokio::test]
async fn polling_client_is_looked_up_and_welcomed_in_the_answer_to_its_handshake() {
    let (server, address) = known_users().await;
    let mut peer = Peer::connect(address).await;
    let answer = peer.request(with_token(&get(POLLING), "123")).await.expect(200);
    assert_eq!(answer.header("x-user"), Some("ann"));
    assert!(answer.text().ends_with("\u{1e}4hello ann"), "{answer:?}");
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn websocket_client_is_looked_up_and_welcomed_behind_the_101() {
    let (server, address) = known_users().await;
    let mut peer = Peer::connect(address).await;
    let answer = peer.request(with_token(&upgrade(WEBSOCKET), "456")).await.expect(101);
    assert_eq!(answer.header("x-user"), Some("bob"));
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    assert_eq!(peer.frame().await, Frame::text("4hello bob"));
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn refusal_has_the_applications_status_and_body_on_both_transports() {
    let (server, address) = known_users().await;
    for _ in 0..2 {
        let mut peer = Peer::connect(address).await;
        let polling = peer.get(POLLING).await.expect(401);
        assert_eq!(polling.text(), r#"{"why":"who are you?"}"#);
        assert_eq!(polling.header("content-type"), Some("application/json"));
        let websocket = peer.upgrade(WEBSOCKET).await.expect(401);
        assert_eq!(websocket.text(), r#"{"why":"who are you?"}"#);
    }
    assert_eq!(server.len(), 0);
}

#[tokio::test]
async fn data_given_at_the_handshake_is_kept_with_the_session() {
    let server: Server<String> = Server::builder(ServerConfig::default()).build();
    let address = listen(&server).await;
    let mut peer = Peer::connect(address).await;
    peer.send(get(POLLING)).await;
    let incoming = within(server.incoming()).await.expect("a client");
    assert_eq!(incoming.transport(), Transport::Polling);
    let socket = incoming.accept_with("ann".to_owned()).expect("it is still there");
    assert_eq!(socket.data(), "ann");
    assert_eq!(socket.sender().data(), "ann");
    assert_eq!(peer.answer().await.expect(200).sid(), socket.sid().as_str());
}

#[tokio::test]
async fn client_that_left_before_the_decision_leaves_no_session() {
    let server = Server::new(ServerConfig::default());
    let address = listen(&server).await;
    let mut peer = Peer::connect(address).await;
    peer.send(get(POLLING)).await;
    let incoming = within(server.incoming()).await.expect("a client");
    peer.reset();
    until(|| !incoming.is_waiting()).await;
    assert!(incoming.accept().is_none());
    assert!(server.is_empty());
}

#[tokio::test]
async fn client_that_leaves_before_its_answer_ends_the_session_that_was_made_for_it() {
    let server = Server::new(ServerConfig::default());
    let address = listen(&server).await;
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let incoming = within(server.incoming()).await.expect("a client");
    peer.reset();
    // The server may or may not have seen that it left.
    if let Some(mut socket) = incoming.accept() {
        assert!(within(socket.recv()).await.is_none());
        let reason = socket.close_reason();
        assert_eq!(reason, Some(ServerCloseReason::TransportLost));
    }
    until(|| server.is_empty()).await;
}

#[tokio::test]
async fn handshake_that_nobody_decides_about_is_told_to_come_back() {
    let config = config().accept_timeout(Duration::from_millis(500)).build();
    let server = Server::new(config.expect("a legal configuration"));
    let address = listen(&server).await;
    let mut peer = Peer::connect(address).await;
    let answer = peer.get(POLLING).await.expect(503);
    assert!(answer.header("retry-after").is_some());
    // It isn't offered any more.
    peer.send(get(POLLING)).await;
    let incoming = within(server.incoming()).await.expect("the second");
    let socket = incoming.accept().expect("it is still there");
    assert_eq!(peer.answer().await.expect(200).sid(), socket.sid().as_str());
}

#[tokio::test]
async fn dropping_a_client_that_asks_is_403() {
    let server = Server::new(ServerConfig::default());
    let address = listen(&server).await;
    let mut peer = Peer::connect(address).await;
    peer.send(get(POLLING)).await;
    drop(within(server.incoming()).await);
    peer.answer().await.expect(403);
}
