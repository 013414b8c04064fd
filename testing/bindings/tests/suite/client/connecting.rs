//! How sessions come about, or don't.

use std::error::Error;

use http::HeaderMap;
use tokio::net::TcpListener;

use super::hostile::{Answer, scripted_at};
use super::{WAYS, connected, pair};
use crate::engineio::{self, ClientCloseReason, ConnectError, Server, Transport};
use crate::suite::{config, listen};
use peer::within;

async fn reason(client: engineio::ClientOptions) -> ClientCloseReason {
    match within(engineio::connect(client)).await {
        Err(ConnectError::Closed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn headers_query_and_cookies_are_on_every_request_of_both_transports() {
    let server =
        Server::new(config().cookie(Some(engineio::Cookie::new("io"))).build().expect("legal"));
    let address = listen(&server).await;
    for way in WAYS {
        let client = engineio::ClientOptions::new(&format!("ws://{address}/?room=a%20b"))
            .query("token", "x&y")
            .header("x-test", "yes")
            .header("cookie", "own=1")
            .transports(way);
        let connecting = tokio::spawn(engineio::connect(client));
        let incoming = within(server.incoming()).await.expect("a client");
        let request = incoming.request();
        let query = request.uri.query().expect("a query");
        assert!(query.starts_with("room=a%20b&token=x%26y&EIO=4&transport="), "{query}");
        let header = |headers: &HeaderMap, name| headers.get(name).cloned();
        assert_eq!(header(&request.headers, "x-test").expect("the header"), "yes");
        assert_eq!(header(&request.headers, "cookie").expect("the header"), "own=1");
        let socket = incoming.accept().expect("it waits");
        let client = within(connecting).await.expect("no panic").expect("a session");
        assert_eq!(client.sid().as_ref(), Some(socket.sid()));
    }
}

#[tokio::test]
async fn refusal_has_the_servers_status_and_body_on_every_transport() {
    for way in WAYS {
        let (server, client) = pair(config()).await;
        let refusing = server.clone();
        tokio::spawn(async move {
            while let Some(incoming) = refusing.incoming().await {
                incoming.refuse(401, r#"{"message":"who are you?"}"#);
            }
        });
        let reason = reason(client.transports(way)).await;
        let ClientCloseReason::Refused(refused) = reason else { panic!("{reason:?}") };
        assert_eq!(refused.status, 401);
        assert_eq!(refused.body, r#"{"message":"who are you?"}"#);
    }
}

#[tokio::test]
async fn server_that_does_not_listen_is_unreachable_and_the_error_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for way in WAYS {
        let client = engineio::ClientOptions::new(&format!("http://{address}")).transports(way);
        let error = within(engineio::connect(client)).await.expect_err("nobody listens");
        let ConnectError::Closed { reason, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*reason, ClientCloseReason::Unreachable);
        let mut source = error.source();
        let mut said = Vec::new();
        while let Some(error) = source {
            said.push(error.to_string());
            source = error.source();
        }
        assert!(said.iter().any(|it| it.contains("refused")), "{said:?}");
    }
}

#[tokio::test]
async fn transport_that_is_off_is_followed_by_the_next() {
    let only = engineio::Transports::POLLING;
    let (server, client) = pair(config().transports(only)).await;
    let both = [Transport::WebSocket, Transport::Polling];
    let (client, _socket) = connected(&server, client.transports(both)).await;
    assert_eq!(client.transport(), Some(Transport::Polling));

    let only = engineio::Transports::WEBSOCKET;
    let (server, client) = pair(config().transports(only)).await;
    let (client, _socket) = connected(&server, client).await;
    assert_eq!(client.transport(), Some(Transport::WebSocket));
}

#[tokio::test]
async fn nonsense_is_an_error_before_anything_is_sent() {
    for url in ["", "no url", "ftp://host", "/engine.io/"] {
        let error = within(engineio::connect(url)).await.expect_err("nonsense");
        assert!(matches!(error, ConnectError::Url(_)), "{url}: {error:?}");
    }
    let builder = || engineio::ClientOptions::new("http://127.0.0.1:1");
    let error = within(engineio::connect(builder().header("a b", ""))).await.expect_err("no name");
    assert!(matches!(error, ConnectError::Header(_)), "{error:?}");
    let error = within(engineio::connect(builder().proxy("ftp://x"))).await.expect_err("no proxy");
    assert!(matches!(error, ConnectError::Proxy(_)), "{error:?}");
    let error =
        within(engineio::connect(builder().transports([]))).await.expect_err("no transport");
    assert!(matches!(error, ConnectError::Config(_)), "{error:?}");
}

#[tokio::test]
async fn ipv6_address_stands_in_brackets() {
    let open = |_: &str| {
        let open = r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
        Answer::Whole(200, "", open)
    };
    let Some((address, mut requests)) = scripted_at("[::1]:0", open).await else {
        return println!("skipped: this machine has no IPv6");
    };
    let client = within(engineio::connect(&format!("http://{address}"))).await.expect("a session");
    assert_eq!(client.sid().expect("a session").as_str(), "S");
    let head = within(requests.recv()).await.expect("a request").to_ascii_lowercase();
    assert!(head.contains(&format!("host: {address}\r\n")), "{head}");
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn tls_that_is_not_in_the_build_is_an_error() {
    let error = within(engineio::connect("https://127.0.0.1:1")).await.expect_err("no TLS");
    assert!(matches!(error, ConnectError::Tls(_)), "{error:?}");
}
