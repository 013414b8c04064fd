//! The official conformance suite for revision 4, case by case in its order, as raw bytes over real
//! sockets.
//!
//! Two kinds of differences from the original: where it leaves an answer open, the answer of this
//! project is asserted (the README has the list); and where it leaves to luck which of two
//! connections is heard first, the order is made sure.

use crate::binding::BINDING;
use e2e::{Options, Server};
use peer::{Frame, Peer, Polling, Revision, request};
use serde_json::{Value, json};

const V4: Revision = Revision::V4;

fn patient() -> Server {
    Server::echo(BINDING, Options::PATIENT)
}

async fn open(server: &Server) -> Polling {
    Polling::open(server.authority(), V4, "").await
}

fn assert_handshake(handshake: &Value, upgrades: &Value) {
    let mut keys: Vec<_> = handshake.as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
    assert!(handshake["sid"].as_str().is_some_and(|sid| !sid.is_empty()));
    assert_eq!(handshake["upgrades"], *upgrades);
    assert_eq!(handshake["pingInterval"], 300);
    assert_eq!(handshake["pingTimeout"], 200);
    assert_eq!(handshake["maxPayload"], 1_000_000);
}

// 1
#[tokio::test]
async fn polling_handshake_announces_the_session_and_its_numbers() {
    let server = Server::echo(BINDING, Options::SUITE);
    let session = open(&server).await;
    assert_handshake(&session.handshake, &json!(["websocket"]));
}

// 2
#[tokio::test]
async fn polling_handshake_without_a_known_revision_is_refused() {
    let server = patient();
    for target in ["/engine.io/?transport=polling", "/engine.io/?EIO=abc&transport=polling"] {
        let refused = request(server.authority(), "GET", target, "").await.expect(400);
        assert_eq!(
            refused.text(),
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
            "{target}"
        );
    }
}

// 3
#[tokio::test]
async fn polling_handshake_without_a_known_transport_is_refused() {
    let server = patient();
    for target in ["/engine.io/?EIO=4", "/engine.io/?EIO=4&transport=abc"] {
        let refused = request(server.authority(), "GET", target, "").await.expect(400);
        assert_eq!(refused.text(), r#"{"code":0,"message":"Transport unknown"}"#, "{target}");
    }
}

// 4
#[tokio::test]
async fn polling_handshake_with_another_method_is_refused() {
    let server = patient();
    for method in ["POST", "PUT"] {
        let refused =
            request(server.authority(), method, &V4.target("polling"), "").await.expect(400);
        assert_eq!(refused.text(), r#"{"code":2,"message":"Bad handshake method"}"#, "{method}");
    }
}

// 5
#[tokio::test]
async fn websocket_handshake_announces_the_session_and_its_numbers() {
    let server = Server::echo(BINDING, Options::SUITE);
    let (_websocket, handshake) = V4.open_websocket(server.authority()).await;
    assert_handshake(&handshake, &json!([]));
}

// 6
#[tokio::test]
async fn websocket_handshake_without_a_known_revision_is_refused() {
    let server = patient();
    for target in ["/engine.io/?transport=websocket", "/engine.io/?EIO=abc&transport=websocket"] {
        assert_eq!(Peer::websocket(server.authority(), target).await.err(), Some(400), "{target}");
    }
}

// 7
#[tokio::test]
async fn websocket_handshake_without_a_known_transport_is_refused() {
    let server = patient();
    for target in ["/engine.io/?EIO=4", "/engine.io/?EIO=4&transport=abc"] {
        assert_eq!(Peer::websocket(server.authority(), target).await.err(), Some(400), "{target}");
    }
}

// 8
#[tokio::test]
async fn polling_carries_a_message_both_ways() {
    let server = patient();
    let session = open(&server).await;
    assert_eq!(session.post("4hello").await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), "4hello");
}

// 9
#[tokio::test]
async fn polling_answers_several_messages_in_one_response() {
    let server = patient();
    let session = open(&server).await;
    assert_eq!(session.post("4test1\u{1e}4test2\u{1e}4test3").await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), "4test1\u{1e}4test2\u{1e}4test3");
}

// 10
#[tokio::test]
async fn polling_carries_text_and_binary_in_one_payload() {
    let server = patient();
    let session = open(&server).await;
    assert_eq!(session.post("4hello\u{1e}bAQIDBA==").await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), "4hello\u{1e}bAQIDBA==");
}

// 11
#[tokio::test]
async fn polling_refuses_an_invalid_packet_and_closes_the_session() {
    let server = patient();
    let session = open(&server).await;
    session.post("abc").await.expect(400);
    session.get().await.expect(400);
}

// 12: which of the two polls is heard first is not for the client to say, so either may be the
// refused one
#[tokio::test]
async fn polling_twice_at_once_closes_the_session() {
    let server = patient();
    let session = open(&server).await;
    let (one, other) = tokio::join!(session.get(), session.get_with("&t=burst"));
    let (first, second) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!(first.expect(200).text(), "1");
    second.expect(400);
    session.get().await.expect(400);
}

// 13
#[tokio::test]
async fn websocket_carries_text_both_ways() {
    let server = patient();
    let (mut websocket, _) = V4.open_websocket(server.authority()).await;
    websocket.say("4hello").await;
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
}

// 14
#[tokio::test]
async fn websocket_carries_binary_both_ways() {
    let server = patient();
    let (mut websocket, _) = V4.open_websocket(server.authority()).await;
    websocket.say_binary(&[1, 2, 3, 4]).await;
    assert_eq!(websocket.frame().await, Frame::Binary(vec![1, 2, 3, 4]));
}

// 15
#[tokio::test]
async fn websocket_is_closed_after_an_invalid_packet() {
    let server = patient();
    let (mut websocket, _) = V4.open_websocket(server.authority()).await;
    websocket.say("abc").await;
    assert!(websocket.frame().await.is_close());
}

// 16: the server's patience with the answer is not what this is about, so it is longer than in the
// suite
#[tokio::test]
async fn polling_hears_a_ping_after_each_pong() {
    let server = Server::echo(BINDING, Options { ping_timeout: 20_000, ..Options::SUITE });
    let session = open(&server).await;
    for _ in 0..3 {
        assert_eq!(session.get().await.expect(200).text(), "2");
        session.post("3").await.expect(200);
    }
}

// 17
#[tokio::test]
async fn polling_session_is_gone_when_its_heartbeat_was_missed() {
    let server = Server::echo(BINDING, Options::SUITE);
    let session = open(&server).await;
    tokio::time::sleep(core::time::Duration::from_millis(500)).await;
    session.get().await.expect(400);
}

// 18, with the same patience as 16
#[tokio::test]
async fn websocket_hears_a_ping_after_each_pong() {
    let server = Server::echo(BINDING, Options { ping_timeout: 20_000, ..Options::SUITE });
    let (mut websocket, _) = V4.open_websocket(server.authority()).await;
    for _ in 0..3 {
        assert_eq!(websocket.frame().await, Frame::text("2"));
        websocket.say("3").await;
    }
}

// 19
#[tokio::test]
async fn websocket_is_closed_when_its_heartbeat_was_missed() {
    let server = Server::echo(BINDING, Options::SUITE);
    let (mut websocket, _) = V4.open_websocket(server.authority()).await;
    assert!(websocket.closed().await.is_close());
}

// 20
#[tokio::test]
async fn polling_client_that_closes_is_told_noop_and_then_nothing() {
    let server = patient();
    let (session, polled, posted) = Polling::post_while_polling(|| open(&server), "1").await;
    assert_eq!(polled.expect(200).text(), "6");
    assert_eq!(posted.expect(200).text(), "ok");
    session.get().await.expect(400);
}

// 21
#[tokio::test]
async fn websocket_client_that_closes_is_closed() {
    let server = patient();
    let (mut websocket, _) = V4.open_websocket(server.authority()).await;
    websocket.say("1").await;
    assert!(websocket.closed().await.is_close());
}

// 22
#[tokio::test]
async fn probe_ends_the_waiting_poll_and_the_session_moves() {
    let server = patient();
    let session = open(&server).await;
    let mut websocket = session.join().await;
    websocket.say("2probe").await;
    assert_eq!(websocket.frame().await, Frame::text("3probe"));
    assert_eq!(session.get().await.expect(200).text(), "6");
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
