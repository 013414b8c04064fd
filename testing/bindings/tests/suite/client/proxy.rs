//! The way through an HTTP proxy.

use std::net::TcpListener;

use peer::{proxy, proxy_that_says, within};

use super::{WAYS, connected, pair};
use crate::engineio::{ClientCloseReason, ClientOptions, ConnectError, connect};
use crate::suite::config;

#[tokio::test]
async fn every_connection_goes_through_the_proxy_with_its_password() {
    for way in WAYS {
        let (server, client) = pair(config()).await;
        let (proxy, heads) = proxy();
        let client = client.transports(way).proxy(&format!("http://ada:secret@{proxy}"));
        let (mut client, socket) = connected(&server, client).await;
        assert_ne!(socket.sid().as_str(), "");
        socket.send("through").await.expect("an open session");
        assert_eq!(within(client.recv()).await, Some("through".into()));
        let heads = heads.lock().expect("no panic");
        assert!(!heads.is_empty());
        for head in &*heads {
            let target =
                head.strip_prefix("CONNECT ").and_then(|it| it.split_once(" HTTP/1.1\r\n"));
            let (address, head) = target.expect("a CONNECT");
            assert!(address.starts_with("127.0.0.1:"), "{address}");
            let head = format!("\r\n{}", head.to_ascii_lowercase());
            assert!(head.contains(&format!("\r\nhost: {address}\r\n")), "{head}");
            assert!(head.contains("proxy-authorization: basic ywrhonnly3jlda=="), "{head}");
        }
    }
}

#[tokio::test]
async fn proxy_is_asked_for_port_80_where_the_url_has_none() {
    let (proxy, heads) = proxy_that_says("HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n");
    let client = ClientOptions::new("http://ada@server.test").proxy(&format!("http://{proxy}"));
    within(connect(client)).await.expect_err("no way through");
    let heads = heads.lock().expect("no panic");
    assert!(heads[0].starts_with("CONNECT server.test:80 HTTP/1.1\r\n"), "{heads:?}");
}

#[tokio::test]
async fn proxy_that_is_not_there_is_named_in_the_error() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let proxy = listener.local_addr().expect("an address");
    drop(listener);
    let client = ClientOptions::new("http://127.0.0.1:1").proxy(&format!("http://{proxy}"));
    match within(connect(client)).await {
        Err(ConnectError::Closed {
            reason: ClientCloseReason::Unreachable,
            source: Some(source),
        }) => assert!(format!("{source:?}").contains(&proxy.to_string()), "{source:?}"),
        other => panic!("{other:?}"),
    }
}
