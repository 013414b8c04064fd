//! Revision 4.

use super::{Suite, cases, patient};
use crate::binding::BINDING;
use e2e::{Options, Server};
use peer::{Frame, Revision, request};

const SUITE: Suite = Suite { revision: Revision::V4, query: "" };

cases! {
    1 polling_handshake_announces_the_session_and_its_numbers
    3 polling_handshake_without_a_known_transport_is_refused
    4 polling_handshake_with_another_method_is_refused
    5 websocket_handshake_announces_the_session_and_its_numbers
    6 websocket_handshake_of_an_unknown_revision_is_refused
    7 websocket_handshake_without_a_known_transport_is_refused
    8 polling_carries_a_message_both_ways
    9 polling_answers_several_messages_in_one_response
    11 polling_refuses_an_invalid_packet_and_closes_the_session
    12 polling_twice_at_once_closes_the_session
    13 websocket_carries_text_both_ways
    14 websocket_carries_binary_both_ways
    15 websocket_is_closed_after_an_invalid_packet
    17 polling_session_is_gone_when_its_heartbeat_was_missed
    19 websocket_is_closed_when_its_heartbeat_was_missed
    20 polling_client_that_closes_is_told_noop_and_then_nothing
    21 websocket_client_that_closes_is_closed
    22 probe_ends_the_waiting_poll_and_the_session_moves
    23 poll_after_the_upgrade_is_refused_and_harms_nothing
    24 second_websocket_after_the_upgrade_is_closed_and_harms_nothing
}

// 2
#[tokio::test]
async fn polling_handshake_of_an_unknown_revision_is_refused() {
    let server = patient();
    let target = "/engine.io/?EIO=abc&transport=polling";
    let refused = request(server.authority(), "GET", target, "").await.expect(400);
    assert_eq!(refused.text(), r#"{"code":5,"message":"Unsupported protocol version"}"#);
}

// 10
#[tokio::test]
async fn polling_carries_text_and_binary_in_one_payload() {
    SUITE.polling_echoes(&["4hello", "bAQIDBA=="]).await;
}

/// The suite's server, with more patience for the answer to a ping, which is not what a case is about.
fn server_that_pings() -> Server {
    Server::echo(BINDING, Options { ping_timeout: 20_000, ..Options::SUITE })
}

// 16
#[tokio::test]
async fn polling_hears_a_ping_after_each_pong() {
    let server = server_that_pings();
    let session = SUITE.open(&server).await;
    for _ in 0..3 {
        assert_eq!(session.get().await.expect(200).text(), "2");
        session.post("3").await.expect(200);
    }
}

// 18
#[tokio::test]
async fn websocket_hears_a_ping_after_each_pong() {
    let server = server_that_pings();
    let mut websocket = SUITE.open_websocket(&server).await;
    for _ in 0..3 {
        assert_eq!(websocket.frame().await, Frame::text("2"));
        websocket.say("3").await;
    }
}
