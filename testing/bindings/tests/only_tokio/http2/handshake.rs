//! How a WebSocket over HTTP/2 is asked for and answered.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use bindings::tokio::{Cors, ServerConfig};
use hyper::upgrade::OnUpgrade;
use peer::{Frame, Peer};

use super::client::Client;
use super::{new_echo, serve_axum};
use crate::suite::{POLLING, WEBSOCKET, config, echo};

#[tokio::test]
async fn first_subprotocol_is_chosen_and_no_header_of_http1_comes() {
    let (_, address) = echo(config()).await;
    let client = Client::connect(address).await;
    let request = client.extended_connect("websocket", WEBSOCKET);
    let request = request
        .header("sec-websocket-protocol", "one, two")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let (headers, mut websocket) = client.connect_for(request).await.expect("a WebSocket");
    assert_eq!(headers["sec-websocket-protocol"], "one");
    assert!(!headers.contains_key("sec-websocket-accept"), "{headers:?}");
    assert!(!headers.contains_key("content-length"), "{headers:?}");
    assert!(matches!(websocket.frame().await, Frame::Text(open) if open.starts_with('0')));
}

#[tokio::test]
async fn compression_is_agreed_on_as_over_http1() {
    let (_, address) = echo(config().websocket_compression(true)).await;
    let client = Client::connect(address).await;
    let request = client.extended_connect("websocket", WEBSOCKET);
    let request = request.header("sec-websocket-extensions", "permessage-deflate");
    let (headers, _websocket) = client.connect_for(request).await.expect("a WebSocket");
    let agreed = headers["sec-websocket-extensions"].to_str().unwrap();
    assert!(agreed.starts_with("permessage-deflate"), "{agreed}");
}

#[tokio::test]
async fn refusals_have_their_bodies_and_cors_headers_and_leave_the_connection() {
    let origins = Cors::List(vec!["https://page.test".into()]);
    let (server, address) = echo(config().cors(origins)).await;
    let client = Client::connect(address).await;
    let unknown = format!("{WEBSOCKET}&sid=nobody");
    let websocket = |target: &str| client.extended_connect("websocket", target);
    let of_page = |request: http::request::Builder| request.header("origin", "https://page.test");
    let version_8 =
        client.request("CONNECT", WEBSOCKET).extension(hyper::ext::Protocol::from("websocket"));
    let version_8 = version_8.header("sec-websocket-version", "8");
    for (request, status, text) in [
        (websocket(&unknown), 400, r#"{"code":1,"message":"Session ID unknown"}"#),
        (websocket(POLLING), 400, r#"{"code":3,"message":"Bad request"}"#),
        (
            websocket("/engine.io/?EIO=5&transport=websocket"),
            400,
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
        (version_8, 400, ""),
        (
            client.extended_connect("webtransport", WEBSOCKET),
            400,
            r#"{"code":2,"message":"Bad handshake method"}"#,
        ),
    ] {
        let answer = client.connect_for(of_page(request)).await.expect_err("a refusal");
        assert_eq!((answer.status, &*answer.text), (status, text));
        assert_eq!(answer.headers["access-control-allow-origin"], "https://page.test");
    }
    let other_page = websocket(WEBSOCKET).header("origin", "https://other.test");
    let answer = client.connect_for(other_page).await.expect_err("a refusal");
    assert_eq!(answer.status, 403);
    assert!(answer.text.starts_with(r#"{"code":4,"message":"Forbidden"#), "{answer:?}");
    let other_path = client.websocket("/elsewhere").await.expect_err("a refusal");
    assert_eq!(other_path.status, 404);
    assert!(server.is_empty());
    client.open_websocket().await;
}

#[tokio::test]
async fn connect_without_a_protocol_is_refused() {
    let (server, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.send(format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
    peer.answer().await.expect(404);
    let every_path = config().every_path();
    let (_, address) = echo(every_path).await;
    let mut peer = Peer::connect(address).await;
    peer.send(format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
    peer.answer().await.expect(400);
    assert!(server.is_empty());
}

/// As some adapters do between frameworks.
async fn without_upgrade(mut request: Request, next: Next) -> axum::response::Response {
    request.extensions_mut().remove::<OnUpgrade>();
    next.run(request).await
}

#[tokio::test]
async fn framework_that_drops_upgrades_is_noticed_before_the_answer() {
    let server = new_echo(ServerConfig::default());
    let router = Router::new().layer(server.layer()).layer(from_fn(without_upgrade));
    let address = serve_axum(router).await;
    let client = Client::connect(address).await;
    let offer = r#""upgrades":["websocket"]"#;
    assert!(client.get(POLLING).await.text.contains(offer));
    let sessions = server.len();
    let answer = client.websocket(WEBSOCKET).await.expect_err("a refusal");
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("passes no upgrade on"), "{answer:?}");
    let answer = Peer::connect(address).await.upgrade(WEBSOCKET).await.expect(500);
    assert!(answer.text().contains("passes no upgrade on"), "{answer:?}");
    assert_eq!(server.len(), sessions);
    assert!(client.get(POLLING).await.text.contains(r#""upgrades":[]"#));
}
