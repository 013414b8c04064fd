//! The way through an HTTP proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::{WAYS, connected};
use crate::engineio;
use crate::suite::{config, listen};
use peer::within;

/// A proxy that knows `CONNECT`, and the heads of the requests that it got.
pub(crate) async fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let heads = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.expect("a head"));
                }
                let head = String::from_utf8(head).expect("text");
                let target = head.split(' ').nth(1).expect("a target").to_owned();
                told.lock().expect("no panic").push(head);
                let mut server = TcpStream::connect(target).await.expect("a server");
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("a client");
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, heads)
}

#[tokio::test]
async fn every_connection_goes_through_the_proxy_with_its_password() {
    for way in WAYS {
        let server = engineio::Server::new(config().build().expect("legal"));
        let address = listen(&server).await;
        let (proxy, heads) = proxy().await;
        let client = engineio::ClientOptions::new(&format!("http://{address}"))
            .transports(way)
            .proxy(&format!("http://ada:secret@{proxy}"));
        let (mut client, socket) = connected(&server, client).await;
        assert_ne!(socket.sid().as_str(), "");
        socket.send("through").await.expect("an open session");
        assert_eq!(within(client.recv()).await, Some("through".into()));
        let heads = heads.lock().expect("no panic");
        assert!(!heads.is_empty());
        for head in &*heads {
            assert!(head.starts_with(&format!("CONNECT {address} HTTP/1.1\r\n")), "{head}");
            let head = head.to_ascii_lowercase();
            assert!(head.contains("proxy-authorization: basic ywrhonnly3jlda=="), "{head}");
        }
    }
}

#[tokio::test]
async fn proxy_that_is_not_there_is_named_in_the_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let proxy = listener.local_addr().expect("an address");
    drop(listener);
    let client =
        engineio::ClientOptions::new("http://127.0.0.1:1").proxy(&format!("http://{proxy}"));
    let error = within(engineio::connect(client)).await.expect_err("no proxy");
    let engineio::ConnectError::Closed { source: Some(source), .. } = error else {
        panic!("{error:?}");
    };
    assert!(format!("{source:?}").contains(&proxy.to_string()), "{source:?}");
}
