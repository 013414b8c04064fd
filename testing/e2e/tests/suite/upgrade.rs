//! What the conformance suites leave out of the upgrade: messages that wait while it happens, probes
//! that fail, and a second WebSocket for a session that has one.

use crate::binding::BINDING;
use e2e::{Options, Server};
use peer::{Frame, Peer, Polling, Revision};

const BOTH: [Revision; 2] = [Revision::V3, Revision::V4];

async fn open(revision: Revision) -> (Server, Polling) {
    let server = Server::echo(BINDING, Options::PATIENT);
    let session = Polling::open(server.authority(), revision, "").await;
    (server, session)
}

/// A message goes to the server and back over polling. A poll may be answered with `6` for as long
/// as the server takes a probe for alive.
async fn assert_polling_works(session: &Polling, revision: Revision) {
    let hello = revision.payload(&["4hello"]);
    session.post(&hello).await.expect(200);
    let mut body = revision.payload(&["6"]);
    for _ in 0..50 {
        if body != revision.payload(&["6"]) {
            break;
        }
        body = session.get().await.expect(200).text().to_owned();
    }
    assert_eq!(body, hello);
}

async fn assert_websocket_works(websocket: &mut Peer) {
    websocket.say("4hello").await;
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
}

#[tokio::test]
async fn messages_that_nobody_polled_leave_through_the_websocket_in_order() {
    for revision in BOTH {
        let (_server, session) = open(revision).await;
        let polled = revision.payload(&["4a"]);
        session.post(&polled).await.expect(200);
        assert_eq!(session.get().await.expect(200).text(), polled);
        session.post(&revision.payload(&["4b", "4c"])).await.expect(200);
        let mut websocket = session.join().await;
        for packet in ["2probe", "5", "4d"] {
            websocket.say(packet).await;
        }
        for packet in ["3probe", "4b", "4c", "4d"] {
            assert_eq!(websocket.frame().await, Frame::text(packet), "{revision:?}");
        }
    }
}

#[tokio::test]
async fn websocket_that_sends_something_else_than_a_probe_is_closed_and_harms_nothing() {
    for revision in BOTH {
        let (_server, session) = open(revision).await;
        let mut websocket = session.join().await;
        websocket.say("4too early").await;
        assert!(websocket.frame().await.is_close(), "{revision:?}");
        assert_polling_works(&session, revision).await;
        session.take_over().await;
    }
}

#[tokio::test]
async fn probe_that_is_cut_after_its_answer_harms_nothing() {
    for revision in BOTH {
        let (_server, session) = open(revision).await;
        let mut websocket = session.join().await;
        websocket.say("2probe").await;
        assert_eq!(websocket.frame().await, Frame::text("3probe"));
        drop(websocket);
        assert_polling_works(&session, revision).await;
    }
}

#[tokio::test]
async fn second_websocket_during_a_probe_is_told_1008_and_the_first_goes_on() {
    for revision in BOTH {
        let (_server, session) = open(revision).await;
        let mut first = session.join().await;
        first.say("2probe").await;
        assert_eq!(first.frame().await, Frame::text("3probe"));
        let mut second = session.join().await;
        assert_eq!(second.frame().await, Frame::Close(1008), "{revision:?}");
        first.say("5").await;
        assert_websocket_works(&mut first).await;
    }
}

#[tokio::test]
async fn second_websocket_after_an_upgrade_is_told_1008_and_the_first_goes_on() {
    for revision in BOTH {
        let (_server, session) = open(revision).await;
        let mut first = session.take_over().await;
        let mut second = session.join().await;
        assert_eq!(second.frame().await, Frame::Close(1008), "{revision:?}");
        assert_websocket_works(&mut first).await;
    }
}

#[tokio::test]
async fn second_websocket_for_a_session_born_on_one_is_told_1008_and_the_first_goes_on() {
    for revision in BOTH {
        let server = Server::echo(BINDING, Options::PATIENT);
        let (mut first, handshake) = revision.open_websocket(server.authority()).await;
        let sid = handshake["sid"].as_str().expect("a sid");
        let target = format!("{}&sid={sid}", revision.target("websocket"));
        let mut second = Peer::websocket(server.authority(), &target).await.expect("a 101");
        assert_eq!(second.frame().await, Frame::Close(1008), "{revision:?}");
        assert_websocket_works(&mut first).await;
    }
}
