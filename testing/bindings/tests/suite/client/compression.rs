//! A client that compresses.

use peer::script::{Answer, Script};
use peer::within;

use super::talking::messages;
use super::{OPEN, WAYS, client_of, connected, failure, open, pair};
use crate::engineio::{ClientCloseReason, ClientOptions, Revision, RevisionChoice, Transport};
use crate::suite::config;

const OFFER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Compresses everything that gets shorter.
fn compressing(client: ClientOptions) -> ClientOptions {
    client.config(|it| it.websocket_compression(true).websocket_compression_threshold(0))
}

#[tokio::test]
async fn messages_of_every_kind_arrive_compressed_both_ways() {
    for revision in [Revision::V3, Revision::V4] {
        for way in WAYS {
            let config = config().websocket_compression(true).websocket_compression_threshold(0);
            let (server, client) = pair(config).await;
            let client =
                compressing(client).transports(way).revision(RevisionChoice::Only(revision));
            let (mut client, mut socket) = connected(&server, client).await;
            let echo = tokio::spawn(async move {
                while let Some(message) = socket.recv().await {
                    socket.send(message).await.expect("an open session");
                }
            });
            for message in messages() {
                within(client.send(message)).await.expect("an open session");
            }
            for message in messages() {
                let heard = within(client.recv()).await;
                assert!(heard == Some(message), "{revision:?} {way:?}");
            }
            client.close();
            within(echo).await.expect("no panic");
        }
    }
}

#[tokio::test]
async fn client_offers_compression_only_where_it_is_switched_on() {
    for is_on in [true, false] {
        let server = Script::new(|_| {
            Answer::websocket(|mut socket| {
                socket.send(OPEN.into()).expect("a client");
                while let Ok(frame) = socket.read() {
                    if frame.is_text() {
                        // It has no extensions, so what comes is as it was sent.
                        socket.send(frame).expect("a client");
                    }
                }
            })
        });
        let options = client_of(&server).transports([Transport::WebSocket]);
        let mut client = open(if is_on { compressing(options) } else { options }).await;
        let offer = server.request_for("websocket").await;
        let expected = is_on.then_some(OFFER);
        assert_eq!(offer.header("sec-websocket-extensions"), expected);
        let long = "long ".repeat(1_000);
        within(client.send(&long)).await.expect("an open session");
        assert_eq!(within(client.recv()).await, Some(long.into()));
    }
}

#[tokio::test]
async fn answer_with_an_extension_that_was_not_offered_like_this_is_refused() {
    let with_takeover = "permessage-deflate";
    for (is_on, answer) in [(false, OFFER), (true, with_takeover), (true, "permessage-bzip2")] {
        let server = Script::new(move |request| {
            let key = request.header("sec-websocket-key").expect("a key");
            let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
            Answer::raw(format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: {answer}\r\n\r\n"
            ))
        });
        let options = client_of(&server).transports([Transport::WebSocket]);
        let (reason, _) = failure(if is_on { compressing(options) } else { options }).await;
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{answer}: {reason:?}");
    }
}
