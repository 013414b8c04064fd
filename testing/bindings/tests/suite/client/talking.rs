//! What is said in a session.

use peer::{LIMIT, until, within};

use super::{WAYS, connected, pair};
use crate::engineio::{
    ClientCloseReason, ClientEvent, CloseCode, Message, Revision, RevisionChoice, SendError,
    ServerCloseReason, Transport,
};
use crate::suite::config;

pub(super) fn messages() -> Vec<Message> {
    let long = "é".repeat(400_000);
    let bytes: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    vec![
        "text".into(),
        "é€😀".into(),
        "".into(),
        vec![0, 30, 255].into(),
        long.into(),
        bytes.into(),
    ]
}

#[tokio::test]
async fn messages_of_every_kind_arrive_both_ways_on_every_transport_and_revision() {
    for revision in [Revision::V3, Revision::V4] {
        for way in WAYS {
            let (server, client) = pair(config()).await;
            let client = client.transports(way).revision(RevisionChoice::Only(revision));
            let (mut client, mut socket) = connected(&server, client).await;
            let echo = tokio::spawn(async move {
                while let Some(message) = socket.recv().await {
                    socket.send(message).await.expect("an open session");
                }
                socket.closed().await
            });
            for message in messages() {
                within(client.send(message)).await.expect("an open session");
            }
            for message in messages() {
                assert_eq!(within(client.recv()).await, Some(message));
            }
            client.close();
            assert_eq!(within(client.closed()).await, ClientCloseReason::Application);
            assert_eq!(within(echo).await.expect("no panic"), ServerCloseReason::Peer(None));
            until(|| server.is_empty()).await;
        }
    }
}

#[tokio::test]
async fn thousand_messages_each_way_keep_their_order_across_the_upgrade() {
    let (server, client) = pair(config()).await;
    let (mut client, mut socket) = connected(&server, client).await;
    let application = tokio::spawn(async move {
        for number in 0..1000 {
            socket.send(number.to_string()).await.expect("an open session");
        }
        for number in 0..1000 {
            assert_eq!(socket.recv().await, Some(Message::from(number.to_string())));
        }
        socket
    });
    let sender = client.sender();
    let sending = tokio::spawn(async move {
        for number in 0..1000 {
            sender.send(number.to_string()).await.expect("an open session");
        }
    });
    let mut next = 0;
    let mut upgrades = 0;
    while next < 1000 {
        match within(client.event()).await.expect("an open session") {
            ClientEvent::Message(message) => {
                assert_eq!(message, Message::from(next.to_string()));
                next += 1;
            }
            ClientEvent::Upgrade(Transport::WebSocket) => upgrades += 1,
            other => panic!("{other:?}"),
        }
    }
    within(sending).await.expect("no panic");
    let _socket = within(application).await.expect("no panic");
    until(|| client.transport() == Some(Transport::WebSocket)).await;
    assert!(upgrades <= 1);
}

#[tokio::test]
async fn hundred_messages_in_one_go_arrive_over_polling_alone() {
    let (server, client) = pair(config()).await;
    let (client, mut socket) = connected(&server, client.transports([Transport::Polling])).await;
    for number in 0..100 {
        client.try_send(number.to_string()).expect("room");
    }
    for number in 0..100 {
        assert_eq!(within(socket.recv()).await, Some(Message::from(number.to_string())));
    }
}

#[tokio::test]
async fn what_was_sent_before_the_close_arrives() {
    for way in WAYS {
        let (server, client) = pair(config()).await;
        let (client, mut socket) = connected(&server, client.transports(way)).await;
        for number in 0..50 {
            client.try_send(number.to_string()).expect("room");
        }
        drop(client);
        for number in 0..50 {
            assert_eq!(within(socket.recv()).await, Some(Message::from(number.to_string())));
        }
        assert_eq!(within(socket.recv()).await, None);
        assert_eq!(within(socket.closed()).await, ServerCloseReason::Peer(None));
    }
}

#[tokio::test]
async fn end_by_the_server_is_heard_behind_its_last_words() {
    for way in WAYS {
        let (server, client) = pair(config()).await;
        let (mut client, socket) = connected(&server, client.transports(way)).await;
        socket.send("last").await.expect("an open session");
        drop(socket);
        assert_eq!(within(client.recv()).await, Some("last".into()));
        assert_eq!(within(client.recv()).await, None);
        let reason = within(client.closed()).await;
        assert!(matches!(reason, ClientCloseReason::Server(_)), "{reason:?}");
        let refused = client.send("too late").await;
        assert!(matches!(refused, Err(SendError::Closed(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn restart_of_the_server_is_told_from_the_end_of_the_session() {
    let way = [Transport::WebSocket];
    let (server, client) = pair(config()).await;
    let (client, _socket) = connected(&server, client.transports(way)).await;
    let closing = tokio::spawn(async move { server.close(LIMIT).await });
    let reason = within(client.closed()).await;
    assert_eq!(reason, ClientCloseReason::Server(Some(CloseCode::AWAY)));
    within(closing).await.expect("no panic");

    let (server, client) = pair(config()).await;
    let (client, socket) = connected(&server, client.transports(way)).await;
    socket.close();
    let reason = within(client.closed()).await;
    assert_eq!(reason, ClientCloseReason::Server(Some(CloseCode::NORMAL)));
}

#[tokio::test]
async fn message_over_the_servers_limit_is_refused_here() {
    for way in WAYS {
        let (server, client) = pair(config().max_payload(1000)).await;
        let (client, mut socket) = connected(&server, client.transports(way)).await;
        let refused = client.try_send("x".repeat(1000));
        assert!(matches!(refused, Err(SendError::TooLarge(_, 1000))), "{refused:?}");
        client.try_send("x".repeat(999)).expect("room");
        assert_eq!(within(socket.recv()).await.map(|it| it.len()), Some(999));
    }
}
