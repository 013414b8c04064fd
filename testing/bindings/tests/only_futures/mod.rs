//! What handles do because they are asynchronous.

use futures_util::{SinkExt, StreamExt};
use peer::{until, within};

use crate::engineio;
use crate::suite::client::{WAYS, connected, pair};
use crate::suite::config;

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
