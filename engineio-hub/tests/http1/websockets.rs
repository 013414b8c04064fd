//! Connections that become WebSockets.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use engineio_hub::http1::ServerConnection;
use engineio_hub::{LONGEST_READ, Wire, Write};
use engineio_proto::Revision;

use crate::client::{Client, count, settings, upgrade};
use crate::common::websocket::{TEXT, WebSocket, masked};
use crate::common::world::World;

#[test]
fn frames_behind_the_handshake_reach_the_websocket() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        let frames = [masked(TEXT, b"4one"), masked(TEXT, b"4two")].concat();
        let (early, late) = frames.split_at(15);
        client.send([upgrade("").as_bytes(), early].concat()).await;
        let answer = client.head().await;
        assert_eq!(answer.status(), 101);
        assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        client.send(late).await;
        let mut socket = WebSocket::new(Revision::V4, client.end);
        socket.packet().await;
        assert_eq!(socket.message().await, "one".into());
        assert_eq!(socket.message().await, "two".into());
    });
}

#[test]
fn connection_is_a_websocket_once_its_101_is_written() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut connection = ServerConnection::new(&app.hub, &Arc::new(settings(None)), None);
        let cx = || Context::from_waker(Waker::noop());
        let mut scratch = vec![0; LONGEST_READ];
        assert!(connection.poll_write(&mut cx()).is_pending());
        let received = connection.poll_receive(&mut cx(), &mut scratch, |_, free| {
            let request = upgrade("");
            free[..request.len()].copy_from_slice(request.as_bytes());
            Poll::Ready(Ok::<_, Infallible>(request.len()))
        });
        assert!(received.is_ready());
        // The application accepts.
        assert!(connection.poll_write(&mut cx()).is_pending());
        app.settle().await;
        let Poll::Ready(Write::Bytes(head)) = connection.poll_write(&mut cx()) else {
            panic!("a 101 was expected")
        };
        let length = head.concat().len();
        for written in [0, length - 1] {
            connection.written(written);
            assert!(connection.poll_write(&mut cx()).is_ready());
            assert!(connection.poll_abort().is_pending());
            assert!(connection.take_websocket().is_none());
        }
        connection.written(1);
        assert!(connection.poll_write(&mut cx()).is_pending());
        assert!(connection.poll_abort().is_ready());
        assert!(connection.take_websocket().is_some());
        assert!(connection.poll_abort().is_ready());
        assert!(connection.take_websocket().is_none());
    });
}

#[test]
fn handshake_with_a_body_is_400_whether_the_body_has_come_or_not() {
    for (headers, body) in [
        ("Content-Length: 6\r\n", "4hello"),
        ("Transfer-Encoding: chunked\r\n", "6\r\n4hello\r\n0\r\n\r\n"),
    ] {
        for cut in 0..=body.len() {
            let world = World::new();
            world.echo();
            let app = world.clone();
            world.run(async move {
                let client = Client::connect(&app);
                client.send(upgrade(headers) + &body[..cut]).await;
                client.answer().await.expect_last(400);
                assert_eq!(count(&client.rest().await), 0);
                assert!(app.hub.sessions().is_empty());
            });
        }
    }
}

#[test]
fn handshake_in_http_1_0_is_no_handshake() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        client.send(upgrade("").replace("HTTP/1.1", "HTTP/1.0")).await;
        client.answer().await.expect_last(400);
    });
}
