//! What handles do because they are asynchronous.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use peer::{Peer, get, session, until, within};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::engineio::{self, Server, ServerConfig, ServerEvent};
use crate::suite::client::{WAYS, connected, pair};
use crate::suite::{POLLING, accept, config, listen};

#[tokio::test]
async fn attempt_that_is_given_up_leaves_no_session() {
    for way in WAYS {
        let (server, client) = pair(config()).await;
        let connecting = tokio::spawn(engineio::connect(client.transports(way)));
        let incoming = within(server.incoming()).await.expect("a client");
        connecting.abort();
        let _ = connecting.await;
        // The server finds out when the connection is gone.
        until(|| !incoming.is_waiting()).await;
        assert!(incoming.accept().is_none());
        until(|| server.is_empty()).await;
    }
}

#[tokio::test]
async fn client_is_a_stream_and_a_sink() {
    let (server, client) = pair(config()).await;
    let (client, mut socket) = connected(&server, client).await;
    let (mut sink, mut stream) = client.split();
    within(sink.send("from the sink")).await.expect("an open session");
    assert_eq!(within(socket.recv()).await, Some("from the sink".into()));
    socket.send("for the stream").await.expect("an open session");
    assert_eq!(within(stream.next()).await, Some("for the stream".into()));
    within(sink.close()).await.expect("a close");
    assert_eq!(within(stream.next()).await, None);
}

#[tokio::test]
async fn login_that_waits_keeps_nobody_else_waiting() {
    let server: Server<String> =
        Server::builder(config().build().expect("a legal configuration")).build();
    let database = Arc::new(Semaphore::new(0));
    let asked = Arc::clone(&database);
    let mut events = server.events_with_async(move |handshake| {
        let database = Arc::clone(&asked);
        async move {
            let name = handshake.query("name").ok_or_else(|| handshake.refuse(401, ""))?;
            if name == "slow" {
                database.acquire().await.expect("an open database").forget();
            }
            Ok(name.into_owned())
        }
    });
    let address = listen(&server).await;
    let (mut slow, mut gone) = (Peer::connect(address).await, Peer::connect(address).await);
    for peer in [&mut slow, &mut gone] {
        peer.send(get(&format!("{POLLING}&name=slow"))).await;
    }
    let mut quick = Peer::connect(address).await;
    quick.get(&format!("{POLLING}&name=quick")).await.expect(200);
    let event = within(events.next()).await;
    assert!(matches!(&event, Some(ServerEvent::Connect(it)) if it.data() == "quick"), "{event:?}");
    quick.get(POLLING).await.expect(401);
    gone.reset();
    // The login of whoever leaves is given up.
    until(|| Arc::strong_count(&database) == 3).await;
    database.add_permits(1);
    slow.answer().await.expect(200);
    let event = within(events.next()).await;
    assert!(matches!(&event, Some(ServerEvent::Connect(it)) if it.data() == "slow"), "{event:?}");
    assert_eq!(server.len(), 2);
}

#[tokio::test]
async fn bound_server_tells_its_port_and_serves_until_it_is_closed() {
    let server = Server::new(ServerConfig::default());
    let serving = server.bind("127.0.0.1:0").expect("a free port");
    let address = serving.local_addr();
    let serving = tokio::spawn(serving);
    tokio::spawn(accept(server.clone()));
    let (mut peer, target) = session(address).await;
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    drop(peer);
    within(server.close(Duration::ZERO)).await;
    within(serving).await.expect("no panic").expect("no failure of the listener");
    // The port can be had again at once.
    drop(server.bind(address).expect("a free port"));
    let taken = server.bind(address).expect("a free port");
    assert!(server.bind(taken.local_addr()).is_err());
}

/// Beyond the backlog the system ignores clients, which ask again after a second or more.
#[tokio::test]
async fn many_clients_wait_to_be_accepted() {
    let server = Server::new(ServerConfig::default());
    let serving = server.bind("127.0.0.1:0").expect("a free port");
    let connect = |_| TcpStream::connect(serving.local_addr());
    let clients = within(futures_util::future::join_all((0..300).map(connect))).await;
    assert!(clients.iter().all(Result::is_ok));
}
