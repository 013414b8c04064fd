//! Revision 3.

use super::{Suite, cases, patient};
use peer::{Frame, Polling, Revision};

/// Its client can't read binary bodies unless a case says otherwise.
const SUITE: Suite = Suite { revision: Revision::V3, query: "&b64=1" };

cases! {
    1 polling_handshake_announces_the_session_and_its_numbers
    2 polling_handshake_without_a_known_transport_is_refused
    3 polling_handshake_with_another_method_is_refused
    4 websocket_handshake_announces_the_session_and_its_numbers
    5 websocket_handshake_of_an_unknown_revision_is_refused
    6 websocket_handshake_without_a_known_transport_is_refused
    7 polling_carries_a_message_both_ways
    8 polling_answers_several_messages_in_one_response
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

// 9
#[tokio::test]
async fn polling_carries_binary_as_base64_to_a_client_that_asked_for_it() {
    let server = patient();
    let session = SUITE.open(&server).await;
    assert_eq!(session.post("6:4hello10:b4AQIDBA==").await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), "6:4hello10:b4AQIDBA==");
}

// 10
#[tokio::test]
async fn polling_carries_binary_as_bytes_to_a_client_that_did_not_ask_for_base64() {
    let server = patient();
    let session = Polling::open(server.authority(), Revision::V3, "").await;
    assert_eq!(session.post("6:4hello10:b4AQIDBA==").await.expect(200).text(), "ok");
    let polled = session.get().await.expect(200);
    assert_eq!(polled.header("content-type"), Some("application/octet-stream"));
    assert_eq!(polled.body, b"\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04");
}

// 16
#[tokio::test]
async fn polling_hears_a_pong_for_each_ping() {
    let server = patient();
    let session = SUITE.open(&server).await;
    for _ in 0..3 {
        session.post("1:2").await.expect(200);
        assert_eq!(session.get().await.expect(200).text(), "1:3");
    }
}

// 18
#[tokio::test]
async fn websocket_hears_a_pong_for_each_ping() {
    let server = patient();
    let mut websocket = SUITE.open_websocket(&server).await;
    for _ in 0..3 {
        websocket.say("2").await;
        assert_eq!(websocket.frame().await, Frame::text("3"));
    }
}
