//! The official conformance suites for both revisions, case by case, as raw bytes over real sockets.
//! The cases that stand in both are here, in the order of revision 4; `v3` and `v4` list them, with
//! those of their own. The number before a name is the one that the case has there.
//!
//! Two kinds of differences from the original: where it leaves an answer open, the answer of this
//! project is asserted (the README has the list); and where it leaves to luck which of two
//! connections is heard first, the order is made sure.

mod v3;
mod v4;

use crate::binding::BINDING;
use core::time::Duration;
use e2e::{Options, Server};
use peer::{Frame, Peer, Polling, Revision, request};
use serde_json::{Value, json};

/// Makes a test of each case, for the `SUITE` of the module.
macro_rules! cases {
    ($($number:literal $case:ident)*) => {
        $(#[tokio::test]
        async fn $case() {
            SUITE.$case().await;
        })*
    };
}
use cases;

/// The suite of a revision.
#[derive(Clone, Copy)]
struct Suite {
    revision: Revision,
    /// What the suite adds to a polling handshake unless a case says otherwise.
    query: &'static str,
}

fn patient() -> Server {
    Server::echo(BINDING, Options::PATIENT)
}

impl Suite {
    async fn open(self, server: &Server) -> Polling {
        Polling::open(server.authority(), self.revision, self.query).await
    }

    async fn open_websocket(self, server: &Server) -> Peer {
        self.revision.open_websocket(server.authority()).await.0
    }

    fn payload(self, packets: &[&str]) -> String {
        self.revision.payload(packets)
    }

    /// What ends a WebSocket. Only a server of revision 4 sends heartbeats before that.
    async fn end(self, websocket: &mut Peer) -> Frame {
        match self.revision {
            Revision::V3 => websocket.frame().await,
            Revision::V4 => websocket.closed().await,
        }
    }

    fn assert_handshake(self, handshake: &Value, upgrades: &Value) {
        assert!(handshake["sid"].as_str().is_some_and(|sid| !sid.is_empty()));
        assert_eq!(handshake["upgrades"], *upgrades);
        assert_eq!(handshake["pingInterval"], 300);
        assert_eq!(handshake["pingTimeout"], 200);
        match self.revision {
            // `maxPayload` came with revision 4: a server may name it and may not.
            Revision::V3 => {
                let max_payload = handshake.get("maxPayload");
                assert!(max_payload.is_none_or(|bytes| *bytes == 1_000_000));
            }
            Revision::V4 => {
                let mut keys: Vec<_> = handshake.as_object().expect("an object").keys().collect();
                keys.sort();
                assert_eq!(keys, ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
                assert_eq!(handshake["maxPayload"], 1_000_000);
            }
        }
    }

    async fn polling_handshake_announces_the_session_and_its_numbers(self) {
        let server = Server::echo(BINDING, Options::SUITE);
        let session = Polling::open(server.authority(), self.revision, "").await;
        self.assert_handshake(&session.handshake, &json!(["websocket"]));
    }

    /// Targets that name the revision and no transport that there is.
    fn without_transport(self) -> [String; 2] {
        let target = self.revision.target("abc");
        [target.replace("&transport=abc", ""), target]
    }

    async fn polling_handshake_without_a_known_transport_is_refused(self) {
        let server = patient();
        for target in self.without_transport() {
            let refused = request(server.authority(), "GET", &target, "").await.expect(400);
            assert_eq!(refused.text(), r#"{"code":0,"message":"Transport unknown"}"#, "{target}");
        }
    }

    async fn polling_handshake_with_another_method_is_refused(self) {
        let server = patient();
        let target = self.revision.target("polling");
        for method in ["POST", "PUT"] {
            let refused = request(server.authority(), method, &target, "").await.expect(400);
            assert_eq!(
                refused.text(),
                r#"{"code":2,"message":"Bad handshake method"}"#,
                "{method}"
            );
        }
    }

    async fn websocket_handshake_announces_the_session_and_its_numbers(self) {
        let server = Server::echo(BINDING, Options::SUITE);
        let (_websocket, handshake) = self.revision.open_websocket(server.authority()).await;
        self.assert_handshake(&handshake, &json!([]));
    }

    async fn websocket_handshake_of_an_unknown_revision_is_refused(self) {
        let server = patient();
        let target = "/engine.io/?EIO=abc&transport=websocket";
        let refused = Peer::websocket(server.authority(), target).await;
        assert_eq!(refused.err(), Some(400));
    }

    async fn websocket_handshake_without_a_known_transport_is_refused(self) {
        let server = patient();
        for target in self.without_transport() {
            let refused = Peer::websocket(server.authority(), &target).await;
            assert_eq!(refused.err(), Some(400), "{target}");
        }
    }

    async fn polling_carries_a_message_both_ways(self) {
        self.polling_echoes(&["4hello"]).await;
    }

    async fn polling_answers_several_messages_in_one_response(self) {
        self.polling_echoes(&["4test1", "4test2", "4test3"]).await;
    }

    async fn polling_echoes(self, packets: &[&str]) {
        let server = patient();
        let session = self.open(&server).await;
        let payload = self.payload(packets);
        assert_eq!(session.post(&payload).await.expect(200).text(), "ok");
        assert_eq!(session.get().await.expect(200).text(), payload);
    }

    async fn polling_refuses_an_invalid_packet_and_closes_the_session(self) {
        let server = patient();
        let session = self.open(&server).await;
        session.post("abc").await.expect(400);
        session.get().await.expect(400);
    }

    /// Skipped in the original of revision 3. Which of the two polls is heard first is not for the
    /// client to say, so either may be the refused one.
    async fn polling_twice_at_once_closes_the_session(self) {
        let server = patient();
        let session = self.open(&server).await;
        let (one, other) = tokio::join!(session.get(), session.get_with("&t=burst"));
        let (first, second) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!(first.expect(200).text(), self.payload(&["1"]));
        second.expect(400);
        session.get().await.expect(400);
    }

    async fn websocket_carries_text_both_ways(self) {
        let server = patient();
        let mut websocket = self.open_websocket(&server).await;
        websocket.say("4hello").await;
        assert_eq!(websocket.frame().await, Frame::text("4hello"));
    }

    async fn websocket_carries_binary_both_ways(self) {
        let server = patient();
        let mut websocket = self.open_websocket(&server).await;
        let bytes: &[u8] = match self.revision {
            Revision::V3 => &[4, 1, 2, 3, 4],
            Revision::V4 => &[1, 2, 3, 4],
        };
        websocket.say_binary(bytes).await;
        assert_eq!(websocket.frame().await, Frame::Binary(bytes.to_vec()));
    }

    async fn websocket_is_closed_after_an_invalid_packet(self) {
        let server = patient();
        let mut websocket = self.open_websocket(&server).await;
        websocket.say("abc").await;
        assert!(websocket.frame().await.is_close());
    }

    async fn polling_session_is_gone_when_its_heartbeat_was_missed(self) {
        let server = Server::echo(BINDING, Options::SUITE);
        let session = self.open(&server).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        match self.revision {
            Revision::V3 => session.post("1:2").await.expect(400),
            Revision::V4 => session.get().await.expect(400),
        };
    }

    async fn websocket_is_closed_when_its_heartbeat_was_missed(self) {
        let server = Server::echo(BINDING, Options::SUITE);
        let mut websocket = self.open_websocket(&server).await;
        assert!(self.end(&mut websocket).await.is_close());
    }

    async fn polling_client_that_closes_is_told_noop_and_then_nothing(self) {
        let server = patient();
        let close = self.payload(&["1"]);
        let (session, polled, posted) =
            Polling::post_while_polling(|| self.open(&server), &close).await;
        assert_eq!(polled.expect(200).text(), self.payload(&["6"]));
        assert_eq!(posted.expect(200).text(), "ok");
        session.get().await.expect(400);
    }

    async fn websocket_client_that_closes_is_closed(self) {
        let server = patient();
        let mut websocket = self.open_websocket(&server).await;
        websocket.say("1").await;
        assert!(self.end(&mut websocket).await.is_close());
    }

    async fn probe_ends_the_waiting_poll_and_the_session_moves(self) {
        let server = patient();
        let session = self.open(&server).await;
        let mut websocket = session.join().await;
        websocket.say("2probe").await;
        assert_eq!(websocket.frame().await, Frame::text("3probe"));
        assert_eq!(session.get().await.expect(200).text(), self.payload(&["6"]));
        websocket.say("5").await;
        websocket.say("4hello").await;
        assert_eq!(websocket.frame().await, Frame::text("4hello"));
    }

    async fn poll_after_the_upgrade_is_refused_and_harms_nothing(self) {
        let server = patient();
        let session = self.open(&server).await;
        let mut websocket = session.take_over().await;
        let refused = session.get().await.expect(400);
        assert_eq!(refused.text(), r#"{"code":3,"message":"Bad request"}"#);
        websocket.say("4hello").await;
        assert_eq!(websocket.frame().await, Frame::text("4hello"));
    }

    /// `join` has seen the 101.
    async fn second_websocket_after_the_upgrade_is_closed_and_harms_nothing(self) {
        let server = patient();
        let session = self.open(&server).await;
        let mut websocket = session.take_over().await;
        let mut second = session.join().await;
        assert!(second.frame().await.is_close());
        websocket.say("4hello").await;
        assert_eq!(websocket.frame().await, Frame::text("4hello"));
    }
}
