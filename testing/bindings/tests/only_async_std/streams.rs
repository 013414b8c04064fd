//! Connections that the application brings.

use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(feature = "async-std")]
use std::time::Duration;

use async_io::Async;
use bindings::async_std::{Server, ServerConfig};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use peer::{get, within};

use crate::suite::{POLLING, WEBSOCKET, accept};

/// Speaks with a server over a pair of sockets that have no address.
async fn talk(server: Server, request: &str) -> String {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let theirs = Async::new(theirs).expect("a socket");
    let serving = tokio::spawn(async move { server.serve_connection(theirs, None).await });
    let mut ours = Async::new(ours).expect("a socket");
    ours.write_all(request.as_bytes()).await.expect("a server");
    let mut said = Vec::new();
    within(ours.read_to_end(&mut said)).await.expect("an end");
    drop(ours);
    within(serving).await.expect("no panic");
    String::from_utf8(said).expect("UTF-8")
}

fn last(request: String) -> String {
    request.replacen("\r\n", "\r\nConnection: close\r\n", 1)
}

#[tokio::test]
async fn unix_socket_is_served_to_its_end() {
    let server = Server::new(ServerConfig::default());
    tokio::spawn(accept(server.clone()));
    let said = talk(server.clone(), &format!("{}{}", get("/"), last(get(POLLING)))).await;
    let (first, second) = said.rsplit_once("HTTP/1.1 ").expect("two answers");
    assert!(first.starts_with("HTTP/1.1 404 "), "{said}");
    assert!(second.starts_with("200 ") && second.contains("0{\"sid\""), "{said}");
    assert_eq!(server.len(), 1);
}

#[cfg(feature = "async-std")]
#[tokio::test]
async fn unix_socket_of_async_std_ends_with_its_answer() {
    // Longer than this waits.
    let config = ServerConfig::builder().linger(Duration::from_secs(600));
    let server: Server = Server::new(config.build().expect("a legal configuration"));
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let theirs = async_std::os::unix::net::UnixStream::from(theirs);
    tokio::spawn(async move { server.serve_connection(theirs, None).await });
    let mut ours = Async::new(ours).expect("a socket");
    ours.write_all(last(get("/")).as_bytes()).await.expect("a server");
    let mut said = String::new();
    within(ours.read_to_string(&mut said)).await.expect("an end");
    assert!(said.starts_with("HTTP/1.1 404 "), "{said}");
}

#[tokio::test]
async fn pages_are_served_on_unix_sockets_too() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let server: Server = Server::new(ServerConfig::default());
    let theirs = Async::new(theirs).expect("a socket");
    let page = async |request: http::Request<_>| http::Response::new(request.uri().to_string());
    let serving = tokio::spawn(async move {
        server.serve_connection_with(theirs, None, page).await;
    });
    let mut ours = Async::new(ours).expect("a socket");
    ours.write_all(last(get("/page")).as_bytes()).await.expect("a server");
    let mut said = String::new();
    within(ours.read_to_string(&mut said)).await.expect("an end");
    assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("\r\n\r\n/page"), "{said}");
    within(serving).await.expect("no panic");
}

#[tokio::test]
async fn client_on_a_unix_socket_has_no_address() {
    let server = Server::new(ServerConfig::default());
    let talking = tokio::spawn({
        let server = server.clone();
        async move { talk(server, &last(get(POLLING))).await }
    });
    let incoming = within(server.incoming()).await.expect("a client");
    assert_eq!(incoming.remote_ip(), None);
    drop(incoming);
    assert!(within(talking).await.expect("no panic").starts_with("HTTP/1.1 403 "));
}

#[tokio::test]
async fn named_unix_socket_is_accepted_from_by_the_application() {
    let folder = std::env::temp_dir().join(format!("engineio-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("socket");
    let listener = Async::<UnixListener>::bind(&path).expect("a path");
    let server = Server::new(ServerConfig::default());
    tokio::spawn(accept(server.clone()));
    let serving = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = serving.clone();
            tokio::spawn(async move { server.serve_connection(stream, None).await });
        }
    });
    let mut peer = Async::<UnixStream>::connect(&path).await.expect("a server");
    peer.write_all(peer::upgrade(WEBSOCKET).as_bytes()).await.expect("a server");
    let mut said = vec![0; 12];
    within(peer.read_exact(&mut said)).await.expect("an answer");
    assert_eq!(said, b"HTTP/1.1 101");
    peer::until(|| server.len() == 1).await;
    drop(peer);
    peer::until(|| server.is_empty()).await;
    std::fs::remove_dir_all(folder).expect("a folder of this test");
}
