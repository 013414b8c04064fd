//! This project's client against the server of its own binding, or a cluster of such servers.

use crate::binding::{BINDING, Client, ClientOptions, Local, connect};
use e2e::{Options, Server, patient, within};
use engineio_tokio::{
    ClientCloseReason, ConnectError, Message, Revision, RevisionChoice, ServerCloseReason,
    Transport,
};

const REVISIONS: [Revision; 2] = [Revision::V3, Revision::V4];

const WAYS: [&[Transport]; 3] =
    [&[Transport::Polling], &[Transport::WebSocket], &[Transport::Polling, Transport::WebSocket]];

fn options(url: &str, revision: Revision) -> ClientOptions {
    ClientOptions::new(url).revision(RevisionChoice::Only(revision))
}

async fn connected(options: ClientOptions) -> Client {
    within("a session", connect(options)).await.expect("a session")
}

/// Each revision with each choice of transports.
fn all_ways() -> impl Iterator<Item = (Revision, &'static [Transport])> {
    REVISIONS.into_iter().flat_map(|revision| WAYS.map(|way| (revision, way)))
}

/// Waits until the client's session has moved to a WebSocket.
async fn upgraded(client: &Client) {
    peer::until(|| client.transport() == Some(Transport::WebSocket)).await;
}

#[tokio::test]
async fn messages_of_every_kind_come_back_from_its_server() {
    let server = Server::echo(BINDING, Options::PATIENT);
    let bytes: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    let messages: [Message; 6] = [
        "text".into(),
        "".into(),
        "é€😀 end".into(),
        vec![0, 30, 195, 255].into(),
        "é".repeat(350_000).into(),
        bytes.into(),
    ];
    for (revision, way) in all_ways() {
        let mut client = connected(options(&server.url(), revision).transports(way)).await;
        for message in &messages {
            client.send(message.clone()).await.expect("an open session");
        }
        for message in &messages {
            let heard = within("an echo", client.recv()).await.expect("an open session");
            // Not with `assert_eq`: some are long.
            let (got, sent) = (heard.len(), message.len());
            assert!(heard == *message, "{revision:?} {way:?}: {got} bytes, and {sent} were sent");
        }
    }
}

#[tokio::test]
async fn thousand_messages_each_way_are_in_order_across_the_upgrade() {
    for revision in REVISIONS {
        let Some(local) = Local::start(patient()).await else { return };
        let client = async {
            let mut client = connected(options(&local.url(), revision)).await;
            let sender = client.sender();
            let sending = async {
                for number in 0..1000 {
                    sender.send(number.to_string()).await.expect("an open session");
                    // So that some are before the upgrade, some during it and some behind it.
                    tokio::task::yield_now().await;
                }
            };
            let receiving = async {
                for number in 0..1000 {
                    let heard = within("a message", client.recv()).await;
                    assert_eq!(heard, Some(Message::from(number.to_string())), "{revision:?}");
                }
            };
            tokio::join!(sending, receiving);
            upgraded(&client).await;
            client.send("the end").await.expect("an open session");
            assert_eq!(within("a message", client.recv()).await, Some("the end".into()));
        };
        let application = async {
            let mut socket = local.accept().await;
            for number in 0..1000 {
                socket.send(number.to_string()).await.expect("an open session");
            }
            for number in 0..1000 {
                let heard = within("a message", socket.recv()).await;
                assert_eq!(heard, Some(Message::from(number.to_string())), "{revision:?}");
            }
            let end = within("a message", socket.recv()).await.expect("an open session");
            socket.send(end).await.expect("an open session");
            let _ = within("the end", socket.closed()).await;
        };
        tokio::join!(client, application);
    }
}

#[tokio::test]
async fn end_by_either_side_is_heard_by_the_other() {
    let Some(local) = Local::start(patient()).await else { return };
    for (revision, way) in all_ways() {
        let how = format!("{revision:?} {way:?}");
        for is_by_server in [true, false] {
            let connecting = connected(options(&local.url(), revision).transports(way));
            let (client, socket) = tokio::join!(connecting, local.accept());
            if way.len() > 1 {
                upgraded(&client).await;
            }
            if is_by_server {
                socket.close();
            } else {
                client.close();
            }
            let ends =
                within("both ends", async { tokio::join!(client.closed(), socket.closed()) });
            match ends.await {
                (ClientCloseReason::Server(_), ServerCloseReason::Application) if is_by_server => {}
                (ClientCloseReason::Application, ServerCloseReason::Peer(_)) if !is_by_server => {}
                other => panic!("{how}, by server: {is_by_server}: {other:?}"),
            }
        }
    }
    peer::until(|| local.server().is_empty()).await;
}

#[tokio::test]
async fn heartbeats_keep_the_session_and_their_absence_ends_it() {
    let settings = Options { ping_interval: 500, ping_timeout: 1000, ..Options::SUITE };
    let Some(server) = Server::own(BINDING, settings) else { return };
    let mut clients = Vec::new();
    for (revision, way) in all_ways() {
        clients.push(connected(options(&server.url(), revision).transports(way)).await);
    }
    tokio::time::sleep(core::time::Duration::from_secs(2)).await;
    for client in &mut clients {
        client.send("still here").await.expect("an open session");
        assert_eq!(within("an echo", client.recv()).await, Some("still here".into()));
    }
    server.pause();
    for client in &clients {
        let reason = within("the end", client.closed()).await;
        assert_eq!(reason, ClientCloseReason::PingTimeout);
    }
}

#[tokio::test]
async fn another_path_is_refused() {
    let server = Server::echo(BINDING, Options::PATIENT);
    let client = ClientOptions::new(&server.url()).path("/elsewhere/");
    let connecting = connect(client.transports([Transport::Polling]));
    match within("a setback", connecting).await {
        Err(ConnectError::Closed { reason: ClientCloseReason::Refused(refused), .. }) => {
            assert_eq!(refused.status, 404);
        }
        other => panic!("{other:?} in the place of a refusal"),
    }
}
