//! Node's `http2` and the frames of `ws`, without a proxy.

use crate::binding::BINDING;
use e2e::{Options, Server, javascript, needs};
use serde_json::json;

#[needs(node)]
#[tokio::test]
async fn session_moves_from_polls_to_a_websocket_on_one_connection() {
    let Some(server) = Server::own(BINDING, Options::PATIENT) else { return };
    let saw = javascript::run("http2.js", &json!({ "url": server.url() })).await;
    assert_eq!(saw["enableConnectProtocol"], true);
    assert_eq!(saw["upgrades"], json!(["websocket"]));
    assert_eq!(saw["polling"], json!(["ok", "4polled"]));
    assert_eq!(saw["probe"], "3probe");
    assert_eq!(saw["messages"], json!(["hello", "é€😀", "", "xxxxxxxxxx"]));
    assert_eq!(saw["bytes"], json!([0, 1, 254, 255]));
    assert_eq!(saw["code"], 1000);
    assert_eq!(saw["after"], r#"{"code":1,"message":"Session ID unknown"}"#);
}
