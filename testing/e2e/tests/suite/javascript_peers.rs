//! The official JavaScript clients: 6.x (revision 4), 3.5.x and 1.8.x (revision 3), over polling,
//! over a WebSocket, and moving from one to the other.
//!
//! 1.8.x encodes UTF-8 twice over polling, so it has only ASCII there.

use crate::binding::{BINDING, Local};
use e2e::{Options, Server, javascript, patient, within};
use engineio_tokio::{Message, ServerCloseReason};
use peer::{Revision, request};
use serde_json::{Value, json};

/// A client and the way it takes.
#[derive(Clone, Copy)]
struct Peer {
    /// The major version of `engine.io-client`.
    client: u8,
    /// `polling`, `websocket` or `upgrade`.
    mode: &'static str,
    /// Both ends compress all that they can over a WebSocket.
    compress: bool,
}

impl Peer {
    const fn options(self) -> Options {
        Options { compress: self.compress, ..Options::PATIENT }
    }

    async fn run(self, server: &Server, script: &str, spec: Value) -> Value {
        self.run_at(server.url(), script, spec).await
    }

    async fn run_at(self, url: String, script: &str, mut spec: Value) -> Value {
        spec["client"] = self.client.into();
        spec["mode"] = self.mode.into();
        spec["compress"] = self.compress.into();
        spec["url"] = url.into();
        javascript::run(script, &spec).await
    }

    /// Asks the application behind the server: an echo can't tell two faults that undo each other
    /// from none.
    async fn messages_arrive_as_they_were_sent(self) {
        javascript::install();
        let config =
            patient().websocket_compression(self.compress).websocket_compression_threshold(0);
        let Some(local) = Local::start(config).await else { return };
        let is_ascii_only = self.client == 1 && self.mode == "polling";
        let text = if is_ascii_only { "text end" } else { "é€😀 end" };
        let client = self.run_at(
            local.url(),
            "echo.js",
            json!({ "groups": [[text, { "binary": [0, 1, 30, 195, 169, 255] }, ""], ["\n\"{}"]] }),
        );
        let application = async {
            let mut socket = local.accept().await;
            let mut heard = Vec::new();
            while let Some(message) = within("a message", socket.recv()).await {
                heard.push(message.clone());
                // it may leave after the last one
                let _ = socket.send(message).await;
            }
            (heard, socket.close_reason())
        };
        let (saw, (heard, reason)) = tokio::join!(client, application);
        let binary = vec![0, 1, 30, 195, 169, 255];
        assert_eq!(
            heard,
            [Message::from(text), Message::from(binary.clone()), "".into(), "\n\"{}".into()]
        );
        assert_eq!(saw["messages"], json!([text, { "binary": binary }, "", "\n\"{}"]));
        // Over a WebSocket these clients send no close packet, only a close frame.
        let Some(ServerCloseReason::Peer(code)) = reason else { panic!("{reason:?}") };
        assert_eq!(code.is_some(), self.mode != "polling", "{code:?}");
    }

    async fn echoes(self, groups: Value) {
        let server = Server::echo(BINDING, self.options());
        let saw = self.run(&server, "echo.js", json!({ "groups": groups })).await;
        let sent: Vec<_> = groups
            .as_array()
            .expect("groups")
            .iter()
            .flat_map(|group| group.as_array().expect("a group"))
            .collect();
        assert_eq!(saw["transport"], if self.mode == "polling" { "polling" } else { "websocket" });
        assert_eq!(saw["agreed"] == "permessage-deflate", self.compress, "{}", saw["agreed"]);
        assert_eq!(saw["messages"], json!(sent));
    }

    async fn short_messages_come_back(self) {
        let texts = ["text", "é€😀 end", "", "\n\"{}"].map(Value::from);
        let binaries = [json!({ "binary": [0, 1, 30, 254, 255] }), json!({ "binary": [4] })];
        let mixed =
            [&texts[..2], &binaries[..1], &texts[2..], &binaries[1..], &texts[..1]].concat();
        self.echoes(json!([mixed])).await;
    }

    /// A body over polling holds base64 and, in revision 3, lengths: what is left of the limit is
    /// less.
    async fn long_messages_come_back(self) {
        let binary = if self.mode == "polling" { 740_000 } else { 999_900 };
        self.echoes(json!([
            [{ "text": "x", "times": 999_900 }],
            [{ "text": "€", "times": 333_000 }],
            [{ "byte": 4, "times": binary }],
            ["end"],
        ]))
        .await;
    }

    async fn heartbeats_keep_the_session(self) {
        let server = Server::echo(
            BINDING,
            Options { ping_interval: 200, ping_timeout: 20_000, ..self.options() },
        );
        let saw = self.run(&server, "heartbeats.js", json!({ "count": 4 })).await;
        assert_eq!(saw["message"], "still here");
    }

    /// Over polling the end is heard in the answer to a poll, or in the refusal of the poll that
    /// came a moment later.
    async fn end_by_the_server_is_heard(self) {
        let server = Server::echo(BINDING, self.options());
        let saw = self.run(&server, "server_closes.js", json!({})).await;
        let reason = saw["reason"].as_str().expect("a reason");
        let late = self.mode == "polling" && reason == "transport error";
        assert!(late || reason == "transport close", "{saw}");
    }

    async fn end_by_the_client_ends_the_session(self) {
        let server = Server::echo(BINDING, self.options());
        let saw = self.run(&server, "client_closes.js", json!({})).await;
        assert_eq!(saw["reason"], "forced close");
        let revision = if self.client <= 3 { Revision::V3 } else { Revision::V4 };
        let sid = saw["sid"].as_str().expect("a sid");
        let target = format!("{}&sid={sid}", revision.target("polling"));
        // a session on a WebSocket refuses polls too, until it is gone
        let mut refused = request(server.authority(), "GET", &target, "").await.expect(400);
        for _ in 0..100 {
            if refused.text() != r#"{"code":3,"message":"Bad request"}"# {
                break;
            }
            tokio::time::sleep(core::time::Duration::from_millis(50)).await;
            refused = request(server.authority(), "GET", &target, "").await.expect(400);
        }
        assert_eq!(refused.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    }

    async fn order_survives_the_upgrade(self) {
        let server = Server::echo(BINDING, self.options());
        let saw = self.run(&server, "across_upgrade.js", json!({ "count": 1000 })).await;
        assert_eq!(saw["received"], 1000);
        assert_eq!(saw["transport"], "websocket");
        for phase in ["before", "during", "after"] {
            assert!(saw["sent"][phase].as_u64().is_some_and(|count| count > 0), "{phase}: {saw}");
        }
    }
}

/// One module for each client and way, one test for each method that is named.
macro_rules! peers {
    ($($name:ident, $client:literal, $mode:literal $(, compress: $compress:literal)?: $($test:ident)*;)*) => {
        $(mod $name {
            const COMPRESS: bool = [$($compress,)? false][0];

            $(#[e2e::needs(node)]
            #[tokio::test]
            async fn $test() {
                super::Peer { client: $client, mode: $mode, compress: COMPRESS }.$test().await;
            })*
        })*
    };
}

peers! {
    client_6_over_polling, 6, "polling":
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session;
    client_6_over_websocket, 6, "websocket":
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session;
    client_6_that_upgrades, 6, "upgrade":
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session order_survives_the_upgrade;
    client_3_over_polling, 3, "polling":
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session;
    client_3_over_websocket, 3, "websocket":
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session;
    client_3_that_upgrades, 3, "upgrade":
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session order_survives_the_upgrade;
    client_1_over_polling, 1, "polling":
        messages_arrive_as_they_were_sent heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session;
    client_1_over_websocket, 1, "websocket":
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back
        heartbeats_keep_the_session end_by_the_server_is_heard end_by_the_client_ends_the_session;
    client_1_that_upgrades, 1, "upgrade":
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back
        heartbeats_keep_the_session end_by_the_server_is_heard end_by_the_client_ends_the_session
        order_survives_the_upgrade;
    client_6_over_compressed_websocket, 6, "websocket", compress: true:
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session;
    client_6_that_upgrades_and_compresses, 6, "upgrade", compress: true:
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back heartbeats_keep_the_session
        end_by_the_server_is_heard end_by_the_client_ends_the_session order_survives_the_upgrade;
    client_3_over_compressed_websocket, 3, "websocket", compress: true:
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back;
    client_3_that_upgrades_and_compresses, 3, "upgrade", compress: true:
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back order_survives_the_upgrade;
    client_1_over_compressed_websocket, 1, "websocket", compress: true:
        messages_arrive_as_they_were_sent short_messages_come_back long_messages_come_back;
}
