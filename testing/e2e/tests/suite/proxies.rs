//! Servers behind the proxies of the guide, with its snippets: TLS, and HTTP/1.1 to the server.

use crate::binding::{BINDING, ClientOptions, connect};
use e2e::{Certificate, Options, Proxy, Server, Snippet, Software, javascript, within};
use engineio_tokio::{Message, Transport};
use serde_json::{Value, json};

/// A proxy and the server behind it.
fn behind(snippet: Snippet, options: Options) -> Option<(Proxy, Server)> {
    let server = Server::own(BINDING, options)?;
    Some((snippet.start(&[server.authority()]), server))
}

async fn run(proxy: &Proxy, client: u8, mode: &str, script: &str, mut spec: Value) -> Value {
    spec["client"] = client.into();
    spec["mode"] = mode.into();
    spec["url"] = proxy.url().into();
    spec["ca"] = Certificate::of_these_tests().pem.as_str().into();
    javascript::run(script, &spec).await
}

/// Over polling the long ones are bodies of nearly `max_payload`, in both directions.
async fn messages_come_back(software: Software, client: u8, mode: &str) {
    let snippet = Snippet::for_one(software);
    let Some((proxy, _server)) = behind(snippet, Options::PATIENT) else { return };
    let groups = json!([
        ["text", "é€😀 end", "", { "binary": [0, 1, 30, 254, 255] }],
        [{ "text": "x", "times": 999_900 }],
        [{ "byte": 4, "times": 740_000 }],
        ["end"],
    ]);
    let saw = run(&proxy, client, mode, "echo.js", json!({ "groups": groups })).await;
    let groups = groups.as_array().expect("groups").iter();
    let sent = groups.flat_map(|group| group.as_array().expect("a group").iter().cloned());
    assert_eq!(saw["messages"], sent.collect::<Value>());
    assert_eq!(saw["transport"], if mode == "polling" { "polling" } else { "websocket" });
}

async fn thousand_messages_each_way_keep_their_order_across_the_upgrade(software: Software) {
    let snippet = Snippet::for_one(software);
    let Some((proxy, _server)) = behind(snippet, Options::PATIENT) else { return };
    let saw = run(&proxy, 6, "upgrade", "across_upgrade.js", json!({ "count": 1000 })).await;
    assert_eq!((&saw["received"], &saw["transport"]), (&json!(1000), &json!("websocket")));
}

/// The time-outs are three times the heartbeat's interval, and the clients are idle for twice as
/// long as that.
async fn heartbeats_outlast_the_time_outs(software: Software) {
    let snippet = match software {
        Software::Nginx | Software::HaProxy => Snippet::for_one(software).with(" 60s", " 3s"),
        Software::Apache => Snippet::for_one(software).with("timeout=60", "timeout=3"),
        // It has none.
        Software::Caddy => Snippet::for_one(software),
    };
    let options = Options { ping_interval: 1_000, ping_timeout: 20_000, ..Options::PATIENT };
    let Some((proxy, _server)) = behind(snippet, options) else { return };
    let stay = |mode| run(&proxy, 6, mode, "heartbeats.js", json!({ "count": 6 }));
    let (polling, websocket) = tokio::join!(stay("polling"), stay("upgrade"));
    assert_eq!(
        (&polling["message"], &websocket["message"]),
        (&json!("still here"), &json!("still here"))
    );
}

async fn our_client_upgrades_and_talks(software: Software) {
    let snippet = Snippet::for_one(software);
    let Some((proxy, _server)) = behind(snippet, Options::PATIENT) else { return };
    let certificate = Certificate::of_these_tests();
    let options = ClientOptions::new(&proxy.url()).root_certificates(&*certificate.pem);
    let mut client = within("a session", connect(options)).await.expect("a session");
    let talking = async {
        let mut echo = async |message: Message| {
            client.send(message.clone()).await.expect("an open session");
            assert!(client.recv().await == Some(message), "another message");
            client.transport()
        };
        echo(vec![7; 700_000].into()).await;
        while echo("hello".into()).await != Some(Transport::WebSocket) {}
        echo(vec![7; 900_000].into()).await;
    };
    within("the upgrade and all echoes", talking).await;
    client.close();
}

macro_rules! proxies {
    ($($module:ident: $software:ident;)*) => {$(
        mod $module {
            use e2e::{Software, needs};

            #[needs($module, node)]
            #[tokio::test]
            async fn messages_come_back_over_polling() {
                super::messages_come_back(Software::$software, 6, "polling").await;
            }

            #[needs($module, node)]
            #[tokio::test]
            async fn messages_come_back_over_a_websocket() {
                super::messages_come_back(Software::$software, 6, "websocket").await;
            }

            #[needs($module, node)]
            #[tokio::test]
            async fn messages_of_revision_3_come_back_through_the_upgrade() {
                super::messages_come_back(Software::$software, 3, "upgrade").await;
            }

            #[needs($module, node)]
            #[tokio::test]
            async fn thousand_messages_each_way_keep_their_order_across_the_upgrade() {
                super::thousand_messages_each_way_keep_their_order_across_the_upgrade(Software::$software).await;
            }

            #[needs($module, node)]
            #[tokio::test]
            async fn heartbeats_outlast_the_time_outs() {
                super::heartbeats_outlast_the_time_outs(Software::$software).await;
            }

            #[needs($module)]
            #[tokio::test]
            async fn our_client_upgrades_and_talks() {
                super::our_client_upgrades_and_talks(Software::$software).await;
            }
        }
    )*};
}

proxies! {
    nginx: Nginx;
    haproxy: HaProxy;
    caddy: Caddy;
    apache: Apache;
}
