//! A page of a real browser with the official client, over HTTP/1.1.

use crate::binding::BINDING;
use e2e::{Options, Server, chromium, needs};
use serde_json::json;

#[needs(browser, node)]
#[tokio::test]
async fn page_polls_upgrades_and_talks() {
    let server = Server::echo(BINDING, Options::PATIENT);
    let saw = chromium::start_with_client("both_transports.js", &server.url()).end().await;
    let heard = json!({ "heard": [5, 0, 200_000], "transport": "websocket" });
    assert_eq!((&saw["upgraded"], &saw["alone"]), (&heard, &heard), "{saw}");
    assert_eq!(saw["websockets"], json!([101, 101]), "{saw}");
}
