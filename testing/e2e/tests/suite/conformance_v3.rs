//! The official conformance suite for revision 3, case by case in its order, as raw bytes over real
//! sockets. The differences from the original are of the two kinds that `conformance_v4.rs` names.

use crate::binding::BINDING;
use e2e::{Options, Server};
use peer::{Frame, Peer, Polling, Revision, request};
use serde_json::{Value, json};

const V3: Revision = Revision::V3;

fn patient() -> Server {
    Server::echo(BINDING, Options::PATIENT)
}

/// A session whose client can't read binary bodies, as the suite has it unless a case says
/// otherwise.
async fn open(server: &Server) -> Polling {
    Polling::open(server.authority(), V3, "&b64=1").await
}

/// `maxPayload` came with revision 4: a server may name it and may not.
fn assert_handshake(handshake: &Value, upgrades: &Value) {
    assert!(handshake["sid"].as_str().is_some_and(|sid| !sid.is_empty()));
    assert_eq!(handshake["upgrades"], *upgrades);
    assert_eq!(handshake["pingInterval"], 300);
    assert_eq!(handshake["pingTimeout"], 200);
    assert!(handshake.get("maxPayload").is_none_or(|bytes| *bytes == 1_000_000));
}

// 1
#[tokio::test]
async fn polling_handshake_announces_the_session_and_its_numbers() {
    let server = Server::echo(BINDING, Options::SUITE);
    let session = Polling::open(server.authority(), V3, "").await;
    assert_handshake(&session.handshake, &json!(["websocket"]));
}

// 2
#[tokio::test]
async fn polling_handshake_without_a_known_transport_is_refused() {
    let server = patient();
    for target in ["/engine.io/?EIO=3", "/engine.io/?EIO=3&transport=abc"] {
        let refused = request(server.authority(), "GET", target, "").await.expect(400);
        assert_eq!(refused.text(), r#"{"code":0,"message":"Transport unknown"}"#, "{target}");
    }
}

// 3
#[tokio::test]
async fn polling_handshake_with_another_method_is_refused() {
    let server = patient();
    let target = V3.target("polling");
    let refused = request(server.authority(), "POST", &target, "").await.expect(400);
    assert_eq!(refused.text(), r#"{"code":2,"message":"Bad handshake method"}"#);
}

// 4
#[tokio::test]
async fn websocket_handshake_announces_the_session_and_its_numbers() {
    let server = Server::echo(BINDING, Options::SUITE);
    let (_websocket, handshake) = V3.open_websocket(server.authority()).await;
    assert_handshake(&handshake, &json!([]));
}

// 5
#[tokio::test]
async fn websocket_handshake_without_a_known_revision_is_refused() {
    let server = patient();
    for target in ["/engine.io/?transport=websocket", "/engine.io/?EIO=abc&transport=websocket"] {
        assert_eq!(Peer::websocket(server.authority(), target).await.err(), Some(400), "{target}");
    }
}

// 6
#[tokio::test]
async fn websocket_handshake_without_a_known_transport_is_refused() {
    let server = patient();
    for target in ["/engine.io/?EIO=3", "/engine.io/?EIO=3&transport=abc"] {
        assert_eq!(Peer::websocket(server.authority(), target).await.err(), Some(400), "{target}");
    }
}

// 7
#[tokio::test]
async fn polling_carries_a_message_both_ways() {
    let server = patient();
    let session = open(&server).await;
    assert_eq!(session.post("6:4hello").await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), "6:4hello");
}

// 8
#[tokio::test]
async fn polling_answers_several_messages_in_one_response() {
    let server = patient();
    let session = open(&server).await;
    assert_eq!(session.post("6:4test16:4test26:4test3").await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), "6:4test16:4test26:4test3");
}

// 9
#[tokio::test]
async fn polling_carries_binary_as_base64_to_a_client_that_asked_for_it() {
    let server = patient();
    let session = open(&server).await;
    assert_eq!(session.post("6:4hello10:b4AQIDBA==").await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), "6:4hello10:b4AQIDBA==");
}

// 10
#[tokio::test]
async fn polling_carries_binary_as_bytes_to_a_client_that_did_not_ask_for_base64() {
    let server = patient();
    let session = Polling::open(server.authority(), V3, "").await;
    assert_eq!(session.post("6:4hello10:b4AQIDBA==").await.expect(200).text(), "ok");
    let polled = session.get().await.expect(200);
    assert_eq!(polled.header("content-type"), Some("application/octet-stream"));
    assert_eq!(polled.body, b"\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04");
}

// 11
#[tokio::test]
async fn polling_refuses_an_invalid_packet_and_closes_the_session() {
    let server = patient();
    let session = open(&server).await;
    session.post("abc").await.expect(400);
    session.get().await.expect(400);
}

// 12: skipped in the original; either poll may be heard first
#[tokio::test]
async fn polling_twice_at_once_closes_the_session() {
    let server = patient();
    let session = open(&server).await;
    let (one, other) = tokio::join!(session.get(), session.get_with("&t=burst"));
    let (first, second) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!(first.expect(200).text(), "1:1");
    second.expect(400);
    session.get().await.expect(400);
}

// 13
#[tokio::test]
async fn websocket_carries_text_both_ways() {
    let server = patient();
    let (mut websocket, _) = V3.open_websocket(server.authority()).await;
    websocket.say("4hello").await;
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
}

// 14
#[tokio::test]
async fn websocket_carries_binary_both_ways() {
    let server = patient();
    let (mut websocket, _) = V3.open_websocket(server.authority()).await;
    websocket.say_binary(&[4, 1, 2, 3, 4]).await;
    assert_eq!(websocket.frame().await, Frame::Binary(vec![4, 1, 2, 3, 4]));
}

// 15
#[tokio::test]
async fn websocket_is_closed_after_an_invalid_packet() {
    let server = patient();
    let (mut websocket, _) = V3.open_websocket(server.authority()).await;
    websocket.say("abc").await;
    assert!(websocket.frame().await.is_close());
}

// 16
#[tokio::test]
async fn polling_hears_a_pong_for_each_ping() {
    let server = patient();
    let session = open(&server).await;
    for _ in 0..3 {
        session.post("1:2").await.expect(200);
        assert_eq!(session.get().await.expect(200).text(), "1:3");
    }
}

// 17
#[tokio::test]
async fn polling_session_is_gone_when_its_heartbeat_was_missed() {
    let server = Server::echo(BINDING, Options::SUITE);
    let session = open(&server).await;
    tokio::time::sleep(core::time::Duration::from_millis(500)).await;
    session.post("1:2").await.expect(400);
}

// 18
#[tokio::test]
async fn websocket_hears_a_pong_for_each_ping() {
    let server = patient();
    let (mut websocket, _) = V3.open_websocket(server.authority()).await;
    for _ in 0..3 {
        websocket.say("2").await;
        assert_eq!(websocket.frame().await, Frame::text("3"));
    }
}

// 19
#[tokio::test]
async fn websocket_is_closed_when_its_heartbeat_was_missed() {
    let server = Server::echo(BINDING, Options::SUITE);
    let (mut websocket, _) = V3.open_websocket(server.authority()).await;
    assert!(websocket.frame().await.is_close());
}

// 20
#[tokio::test]
async fn polling_client_that_closes_is_told_noop_and_then_nothing() {
    let server = patient();
    let (session, polled, posted) = Polling::post_while_polling(|| open(&server), "1:1").await;
    assert_eq!(polled.expect(200).text(), "1:6");
    assert_eq!(posted.expect(200).text(), "ok");
    session.get().await.expect(400);
}

// 21
#[tokio::test]
async fn websocket_client_that_closes_is_closed() {
    let server = patient();
    let (mut websocket, _) = V3.open_websocket(server.authority()).await;
    websocket.say("1").await;
    assert!(websocket.frame().await.is_close());
}

// 22
#[tokio::test]
async fn probe_ends_the_waiting_poll_and_the_session_moves() {
    let server = patient();
    let session = open(&server).await;
    let mut websocket = session.join().await;
    websocket.say("2probe").await;
    assert_eq!(websocket.frame().await, Frame::text("3probe"));
    assert_eq!(session.get().await.expect(200).text(), "1:6");
    websocket.say("5").await;
    websocket.say("4hello").await;
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
}

// 23
#[tokio::test]
async fn poll_after_the_upgrade_is_refused_and_harms_nothing() {
    let server = patient();
    let session = open(&server).await;
    let mut websocket = session.take_over().await;
    let refused = session.get().await.expect(400);
    assert_eq!(refused.text(), r#"{"code":3,"message":"Bad request"}"#);
    websocket.say("4hello").await;
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
}

// 24: `join` has seen the 101
#[tokio::test]
async fn second_websocket_after_the_upgrade_is_closed_and_harms_nothing() {
    let server = patient();
    let session = open(&server).await;
    let mut websocket = session.take_over().await;
    let mut second = session.join().await;
    assert!(second.frame().await.is_close());
    websocket.say("4hello").await;
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
}
