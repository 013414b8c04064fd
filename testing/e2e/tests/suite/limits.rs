//! What is larger than the server takes, over both transports.

use crate::binding::BINDING;
use e2e::{Options, Server, javascript, needs, python};
use peer::{Frame, Polling, Revision};
use serde_json::{Value, json};

const LIMITED: Options = Options { max_payload: 1_000, ..Options::PATIENT };

#[tokio::test]
async fn post_over_the_limit_is_413_and_the_session_goes_on() {
    let Some(server) = Server::own(BINDING, LIMITED) else { return };
    let session = Polling::open(server.authority(), Revision::V4, "").await;
    let largest = format!("4{}", "x".repeat(999));
    let refused = session.post(&format!("{largest}x")).await.expect(413);
    assert_eq!(refused.text(), "");
    assert_eq!(session.post(&largest).await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), largest);
}

/// Both write their whole body before they look for the answer.
fn posts(server: &Server) -> Value {
    json!({ "url": server.url(), "lengths": [20_000_000, 9_000, 20_000_000, 1_000] })
}

const STATUSES: [u16; 4] = [413, 413, 413, 200];

#[needs(node)]
#[tokio::test]
async fn node_sees_the_413_of_a_body_of_any_length() {
    let Some(server) = Server::own(BINDING, LIMITED) else { return };
    let saw = javascript::run("large_post.js", &posts(&server)).await;
    assert_eq!(saw["statuses"], json!(STATUSES));
}

#[needs(python)]
#[tokio::test]
async fn python_sees_the_413_of_a_body_of_any_length() {
    python::install();
    let Some(server) = Server::own(BINDING, LIMITED) else { return };
    let saw = python::run("large_post.py", &posts(&server)).await;
    assert_eq!(saw["statuses"], json!(STATUSES));
}

#[tokio::test]
async fn websocket_message_over_the_limit_is_1009_and_other_sessions_go_on() {
    let Some(server) = Server::own(BINDING, LIMITED) else { return };
    let (mut one, _) = Revision::V4.open_websocket(server.authority()).await;
    let (mut other, _) = Revision::V4.open_websocket(server.authority()).await;
    let largest = format!("4{}", "x".repeat(999));
    one.say(&largest).await;
    assert_eq!(one.frame().await, Frame::text(&largest));
    one.say(&format!("{largest}x")).await;
    assert_eq!(one.frame().await, Frame::Close(1009));
    other.say("4hello").await;
    assert_eq!(other.frame().await, Frame::text("4hello"));
}
