//! python-engineio's `Client` and `AsyncClient`, over polling, over a WebSocket, and moving from one
//! to the other.

use crate::binding::{BINDING, Local};
use e2e::{Options, Server, patient, python, within};
use engineio_tokio::{CloseCode, Message, ServerCloseReason};
use serde_json::{Value, json};

/// A client and the way it takes.
#[derive(Clone, Copy)]
struct Peer {
    /// `Client` or `AsyncClient`.
    client: &'static str,
    /// `polling`, `websocket` or `upgrade`.
    mode: &'static str,
}

impl Peer {
    async fn run(self, url: String, script: &str, mut spec: Value) -> Value {
        spec["client"] = self.client.into();
        spec["mode"] = self.mode.into();
        spec["url"] = url.into();
        python::run(script, &spec).await
    }

    /// Where it is when it has connected: its `connect` returns after the upgrade.
    fn transport(self) -> &'static str {
        if self.mode == "polling" { "polling" } else { "websocket" }
    }

    /// Over a WebSocket the close packet may lose a race against the close frame.
    fn assert_goodbye(self, reason: &ServerCloseReason) {
        let framed = ServerCloseReason::Peer(Some(CloseCode::NORMAL));
        let is_framed = self.mode != "polling" && *reason == framed;
        assert!(is_framed || *reason == ServerCloseReason::Peer(None), "{reason:?}");
    }

    async fn echoes(self, messages: Value) {
        let server = Server::echo(BINDING, Options::PATIENT);
        let saw = self.run(server.url(), "echo.py", json!({ "messages": messages })).await;
        assert_eq!(saw["transport"], self.transport());
        assert_eq!(saw["messages"], messages);
    }

    async fn short_messages_come_back_in_order(self) {
        self.echoes(json!([
            "text",
            "é€😀 end",
            { "binary": [0, 1, 30, 254, 255] },
            "",
            "\n\"{}",
            { "binary": [4] },
            { "binary": [] },
            "text",
        ]))
        .await;
    }

    /// A body over polling holds base64, and all messages that its sender had.
    async fn long_messages_come_back_in_order(self) {
        let binary = if self.mode == "polling" { 100_000 } else { 900_000 };
        self.echoes(json!([
            { "text": "x", "times": 400_000 },
            { "text": "€", "times": 100_000 },
            { "byte": 4, "times": binary },
            "end",
        ]))
        .await;
    }

    /// The client refuses an answer with more than 16 packets.
    async fn hundred_messages_sent_at_once_arrive_in_order(self) {
        let Some(local) = Local::start(patient()).await else { return };
        let client = self.run(local.url(), "burst.py", json!({ "count": 100 }));
        let application = async {
            let mut socket = local.accept().await;
            let sender = socket.sender();
            let burst = |name| {
                for number in 0..100 {
                    sender.try_send(format!("{name} {number}")).expect("room for it");
                }
            };
            burst("first");
            let heard = within("the word that it came", socket.recv()).await;
            assert_eq!(heard, Some(Message::from("again")));
            burst("second");
            within("the end", socket.closed()).await
        };
        let (saw, reason) = tokio::join!(client, application);
        let burst = |name| (0..100).map(move |number| format!("{name} {number}"));
        assert_eq!(saw["transport"], self.transport());
        assert_eq!(saw["bursts"][0], Value::from_iter(burst("first")));
        assert_eq!(saw["bursts"][1], Value::from_iter(burst("second")));
        self.assert_goodbye(&reason);
    }

    async fn end_by_the_server_is_heard(self) {
        let Some(local) = Local::start(patient()).await else { return };
        let client = self.run(local.url(), "server_closes.py", json!({}));
        let application = async {
            let mut socket = local.accept().await;
            let heard = within("a message", socket.recv()).await;
            assert_eq!(heard, Some(Message::from("hello")));
            socket.close();
            within("the end", socket.closed()).await
        };
        let (saw, reason) = tokio::join!(client, application);
        assert_eq!(saw["end"], "server disconnect");
        assert_eq!(reason, ServerCloseReason::Application);
    }

    async fn end_by_the_client_is_heard(self) {
        let Some(local) = Local::start(patient()).await else { return };
        let client = self.run(local.url(), "echo.py", json!({ "messages": ["hello"] }));
        let application = async {
            let mut socket = local.accept().await;
            let heard = within("a message", socket.recv()).await.expect("a message");
            socket.send(heard).await.expect("an open session");
            let reason = within("the end", socket.closed()).await;
            assert_eq!(socket.recv().await, None);
            reason
        };
        let (saw, reason) = tokio::join!(client, application);
        assert_eq!(saw["end"], "client disconnect");
        self.assert_goodbye(&reason);
        assert!(local.server().is_empty());
    }
}

/// One module for each client and way, with all tests.
macro_rules! peers {
    ($($name:ident, $client:literal, $mode:literal;)*) => {
        $(mod $name {
            const PEER: super::Peer = super::Peer { client: $client, mode: $mode };

            super::tests! {
                short_messages_come_back_in_order long_messages_come_back_in_order
                hundred_messages_sent_at_once_arrive_in_order
                end_by_the_server_is_heard end_by_the_client_is_heard
            }
        })*
    };
}

macro_rules! tests {
    ($($test:ident)*) => {
        $(#[e2e::needs(python)]
        #[tokio::test]
        async fn $test() {
            e2e::python::install();
            PEER.$test().await;
        })*
    };
}
use tests;

peers! {
    client_over_polling, "Client", "polling";
    client_over_websocket, "Client", "websocket";
    client_that_upgrades, "Client", "upgrade";
    async_client_over_polling, "AsyncClient", "polling";
    async_client_over_websocket, "AsyncClient", "websocket";
    async_client_that_upgrades, "AsyncClient", "upgrade";
}
