//! HTTP/2 between clients and proxies.

use super::{Watched, for_each_proxy};
use e2e::{Certificate, Snippet, Software, chromium, javascript, needs, patient};
use serde_json::json;

/// Whether it takes WebSockets over HTTP/2. With the others, browsers open them over HTTP/1.1.
const fn takes_extended_connect(software: Software) -> bool {
    matches!(software, Software::HaProxy)
}

/// Its origin is the server's own, which is what it is served for.
async fn browser_polls_over_http2_upgrades_and_talks(software: Software) {
    let server = Watched::start(patient()).await;
    let proxy = Snippet::for_one(software).start(&[&server.authority()]);
    let saw = chromium::start_with_client("both_transports.js", &proxy.url()).end().await;
    let heard = json!({ "heard": [5, 0, 200_000], "transport": "websocket" });
    assert_eq!((&saw["upgraded"], &saw["alone"]), (&heard, &heard), "{saw} {:?}", server.log());
    let status = if takes_extended_connect(software) { 200 } else { 101 };
    assert_eq!(saw["websockets"], json!([status, status]), "{saw}");
    let responses = saw["responses"].as_array().expect("responses");
    assert!(!responses.is_empty());
    for response in responses {
        assert_eq!(response["protocol"], "h2", "{saw}");
    }
}

for_each_proxy! { needs (browser node) browser_polls_over_http2_upgrades_and_talks }

#[needs(haproxy, node)]
#[tokio::test]
async fn session_stays_on_one_connection_of_http2_to_haproxy() {
    javascript::install();
    let server = Watched::start(patient()).await;
    let proxy = Snippet::for_one(Software::HaProxy).start(&[&server.authority()]);
    let spec = json!({ "url": proxy.url(), "ca": Certificate::of_these_tests().pem });
    let saw = javascript::run("http2.js", &spec).await;
    assert_eq!(saw["messages"], json!(["hello", "é€😀", "", "xxxxxxxxxx"]));
    assert_eq!(saw["code"], 1000);
}
