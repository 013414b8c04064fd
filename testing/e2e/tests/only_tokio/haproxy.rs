//! A server behind HAProxy, which speaks HTTP/2 to it and HTTP/1.1 or HTTP/2 with clients.

use crate::binding::{BINDING, Local};
use e2e::{
    Certificate, Options, Proxy, Server, Snippet, Software, chromium, javascript, needs, patient,
    within,
};
use serde_json::{Value, json};

/// The proxy in front of a server of this authority.
fn in_front_of(server: &str) -> Proxy {
    let line = "server one 127.0.0.1:3000";
    let snippet = Snippet::for_one(Software::HaProxy);
    snippet.with(line, &format!("{line} proto h2 ws h2")).start(&[server])
}

/// The proxy and the server behind it.
fn behind() -> Option<(Proxy, Server)> {
    let server = Server::own(BINDING, Options::PATIENT)?;
    Some((in_front_of(server.authority()), server))
}

async fn run(client: u8, mode: &str, script: &str, mut spec: Value) -> Option<Value> {
    javascript::install();
    let (proxy, _server) = behind()?;
    spec["client"] = client.into();
    spec["mode"] = mode.into();
    spec["url"] = proxy.url().into();
    spec["ca"] = Certificate::of_these_tests().pem.as_str().into();
    Some(javascript::run(script, &spec).await)
}

/// Over HTTP/1.1 to the proxy, as these clients do.
async fn messages_come_back(client: u8, mode: &str) {
    let groups = json!([
        ["text", "é€😀 end", "", { "binary": [0, 1, 30, 254, 255] }],
        [{ "text": "x", "times": 500_000 }],
        ["end"],
    ]);
    let Some(saw) = run(client, mode, "echo.js", json!({ "groups": groups })).await else { return };
    let sent = groups
        .as_array()
        .expect("groups")
        .iter()
        .flat_map(|group| group.as_array().expect("a group").iter().cloned());
    assert_eq!(saw["messages"], sent.collect::<Value>());
}

#[needs(haproxy, node)]
#[tokio::test]
async fn messages_of_client_6_come_back_over_polling() {
    messages_come_back(6, "polling").await;
}

#[needs(haproxy, node)]
#[tokio::test]
async fn messages_of_client_6_come_back_over_a_websocket() {
    messages_come_back(6, "websocket").await;
}

#[needs(haproxy, node)]
#[tokio::test]
async fn messages_of_client_3_come_back_through_the_upgrade() {
    messages_come_back(3, "upgrade").await;
}

#[needs(haproxy, node)]
#[tokio::test]
async fn order_survives_the_upgrade() {
    let Some(saw) = run(6, "upgrade", "across_upgrade.js", json!({ "count": 1000 })).await else {
        return;
    };
    assert_eq!((&saw["received"], &saw["transport"]), (&json!(1000), &json!("websocket")));
}

#[needs(haproxy, node)]
#[tokio::test]
async fn websocket_of_http1_reaches_the_server_over_http2() {
    javascript::install();
    let Some(local) = Local::start(patient()).await else { return };
    let authority = local.url().replace("http://", "");
    let proxy = in_front_of(&authority);
    let ca = &Certificate::of_these_tests().pem;
    let spec = json!({
        "client": 6, "mode": "websocket", "url": proxy.url(), "ca": ca, "groups": [["hello"]]
    });
    let client = javascript::run("echo.js", &spec);
    let application = async {
        let incoming = within("a client", local.server().incoming()).await.expect("a client");
        let asked = (incoming.request().method.to_string(), incoming.request().version);
        let mut socket = incoming.accept().expect("a client that waits");
        while let Some(message) = within("a message", socket.recv()).await {
            let _ = socket.send(message).await;
        }
        asked
    };
    let (saw, asked) = tokio::join!(client, application);
    assert_eq!(saw["messages"], json!(["hello"]));
    assert_eq!(asked, ("CONNECT".to_owned(), http::Version::HTTP_2));
}

#[needs(haproxy, node)]
#[tokio::test]
async fn client_of_http2_talks_on_one_connection() {
    javascript::install();
    let Some((proxy, _server)) = behind() else { return };
    let ca = &Certificate::of_these_tests().pem;
    let spec = json!({ "url": proxy.url(), "ca": ca });
    let saw = javascript::run("http2.js", &spec).await;
    assert_eq!(saw["messages"], json!(["hello", "é€😀", "", "xxxxxxxxxx"]));
    assert_eq!(saw["code"], 1000);
}

#[needs(browser, haproxy, node)]
#[tokio::test]
async fn browser_polls_upgrades_and_talks_over_http2() {
    let Some((proxy, _server)) = behind() else { return };
    let saw = chromium::start_with_client("both_transports.js", &proxy.url()).end().await;
    let heard = json!({ "heard": [5, 0, 200_000], "transport": "websocket" });
    assert_eq!((&saw["upgraded"], &saw["alone"]), (&heard, &heard), "{saw}");
    assert_eq!(saw["websockets"], json!([200, 200]), "{saw}");
    let responses = saw["responses"].as_array().expect("responses");
    assert!(!responses.is_empty());
    for response in responses {
        assert_eq!(response["protocol"], "h2", "{saw}");
        assert_eq!(response["connection"], responses[0]["connection"], "{saw}");
    }
}
