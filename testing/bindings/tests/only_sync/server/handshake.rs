//! What an application can do with a client that asks for a session.

use std::thread;

use engineio_sync::{Revision, Server, ServerConfig, Transport};
use peer::{Peer, get, until};

use super::{POLLING, WEBSOCKET};

/// Accepts who names itself.
fn doorman() -> (Server<String>, std::net::SocketAddr) {
    let server: Server<String> =
        Server::builder(ServerConfig::default()).bind("127.0.0.1:0").expect("a free port");
    let (address, door) = (server.local_addr(), server.clone());
    thread::spawn(move || {
        while let Some(incoming) = door.incoming() {
            let name = incoming.request().headers.get("x-name");
            match name.and_then(|name| name.to_str().ok()).map(str::to_owned) {
                Some(name) => {
                    assert!(incoming.remote_ip().is_some_and(|ip| ip.is_loopback()));
                    assert_eq!(incoming.revision(), Revision::V4);
                    assert_eq!(incoming.transport(), Transport::Polling);
                    let incoming =
                        incoming.response_header("x-seen", "yes").expect("a legal header");
                    let welcome = format!("hello {name}");
                    if let Some(socket) = incoming.message(welcome).accept_with(name) {
                        let name = socket.data().clone();
                        socket.send(format!("{name} it is")).expect("an open session");
                        socket.detach();
                    }
                }
                None => incoming.refuse(401, r#"{"why":"who are you?"}"#),
            }
        }
    });
    (server, address)
}

#[tokio::test]
async fn client_is_looked_at_and_welcomed_with_its_handshake() {
    let (server, address) = doorman();
    let mut peer = Peer::connect(address).await;
    let request = get(POLLING).replacen("\r\n", "\r\nX-Name: ann\r\n", 1);
    let answer = peer.request(request).await.expect(200);
    assert_eq!(answer.header("x-seen"), Some("yes"));
    assert!(answer.text().contains("\u{1e}4hello ann"), "{answer:?}");
    assert_eq!(server.len(), 1);
    let target = format!("{POLLING}&sid={}", answer.sid());
    let rest = if answer.text().ends_with("4ann it is") {
        answer.text().to_owned()
    } else {
        peer.get(&target).await.expect(200).text().to_owned()
    };
    assert!(rest.ends_with("4ann it is"), "{rest}");
}

#[tokio::test]
async fn client_that_is_refused_hears_why_on_either_transport() {
    let (server, address) = doorman();
    let mut peer = Peer::connect(address).await;
    assert_eq!(peer.get(POLLING).await.expect(401).text(), r#"{"why":"who are you?"}"#);
    assert_eq!(peer.upgrade(WEBSOCKET).await.expect(401).text(), r#"{"why":"who are you?"}"#);
    assert!(server.is_empty());
}

#[tokio::test]
async fn client_that_leaves_while_it_waits_leaves_nothing() {
    let server: Server =
        Server::builder(ServerConfig::default()).bind("127.0.0.1:0").expect("a port");
    let mut peer = Peer::connect(server.local_addr()).await;
    peer.send(get(POLLING)).await;
    until(|| server.connections() == 1).await;
    peer.reset();
    until(|| server.connections() == 0).await;
    // Another one comes, so that there is somebody to accept.
    let mut second = Peer::connect(server.local_addr()).await;
    second.send(get(POLLING)).await;
    let accepting = server.clone();
    let accepted = thread::spawn(move || accepting.accept().map(|socket| socket.detach()));
    second.answer().await.expect(200);
    accepted.join().expect("no panic").expect("a client");
    assert_eq!(server.len(), 1);
}
