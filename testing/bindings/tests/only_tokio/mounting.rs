//! The server under axum, under bare hyper and alone, over HTTP/1.1 and HTTP/2.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use bindings::tokio::{RemoteAddr, Server, ServerConfig};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use peer::{Frame, Peer, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{new_echo, serve_axum};
use crate::suite::{POLLING, WEBSOCKET, config, echo, listen};

/// A message goes to the server and back over polling, then over the WebSocket that takes over, and
/// over one of its own.
async fn assert_serves(address: SocketAddr, path: &str) {
    let polling = format!("{path}?EIO=4&transport=polling");
    let mut peer = Peer::connect(address).await;
    let sid = peer.get(&polling).await.expect(200).sid();
    let target = format!("{polling}&sid={sid}");
    assert_eq!(peer.post(&target, "4polled").await.expect(200).text(), "ok");
    assert_eq!(peer.get(&target).await.expect(200).text(), "4polled");
    let mut probe = Peer::connect(address).await;
    probe.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    for (said, heard) in [("2probe", Some("3probe")), ("5", None), ("4moved", Some("4moved"))] {
        probe.say(said).await;
        if let Some(heard) = heard {
            assert_eq!(probe.frame().await, Frame::text(heard));
        }
    }
    let mut websocket = Peer::connect(address).await;
    websocket.upgrade(&polling.replace("polling", "websocket")).await.expect(101);
    assert!(matches!(websocket.frame().await, Frame::Text(open) if open.starts_with('0')));
    websocket.say("4hello").await;
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
}

#[tokio::test]
async fn server_works_under_axum_and_leaves_it_other_routes_and_the_fallback() {
    let server = new_echo(ServerConfig::default());
    let router = Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/engine.ioo", get(|| async { "not ours" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "nothing here") })
        .layer(server.layer());
    let address = serve_axum(router).await;
    assert_serves(address, "/engine.io/").await;
    assert_serves(address, "/engine.io").await;
    let mut peer = Peer::connect(address).await;
    assert_eq!(peer.get("/hello").await.expect(200).text(), "hello");
    assert_eq!(peer.get("/engine.ioo").await.expect(200).text(), "not ours");
    assert_eq!(peer.get("/engine.io/x/y").await.text(), "nothing here");
    assert_eq!(peer.get("/nobody").await.expect(404).text(), "nothing here");
    assert_eq!(peer.post("/hello", "").await.expect(405).text(), "");
}

#[tokio::test]
async fn server_works_under_axum_on_a_path_of_its_own() {
    let server = new_echo(config().every_path().build().expect("a legal configuration"));
    let router = Router::new()
        .route("/", get(|| async { "home" }))
        .nest_service("/live/socket", server.service());
    let address = serve_axum(router).await;
    assert_serves(address, "/live/socket/").await;
    assert_serves(address, "/live/socket").await;
    let mut peer = Peer::connect(address).await;
    assert_eq!(peer.get("/").await.expect(200).text(), "home");
    peer.get("/live").await.expect(404);
}

#[tokio::test]
async fn server_works_under_bare_hyper() {
    let server = new_echo(ServerConfig::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(server.service());
            let http = hyper::server::conn::http1::Builder::new();
            let connection = http.serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection.with_upgrades());
        }
    });
    assert_serves(address, "/engine.io/").await;
    Peer::connect(address).await.get("/nobody").await.expect(404);
}

#[tokio::test]
async fn server_works_alone() {
    let (_, address) = echo(config()).await;
    assert_serves(address, "/engine.io/").await;
    Peer::connect(address).await.get("/nobody").await.expect(404);
}

#[tokio::test]
async fn service_nested_under_a_path_without_every_path_says_what_it_serves() {
    let server = new_echo(ServerConfig::default());
    let router = Router::new().nest_service("/engine.io", server.service());
    let address = serve_axum(router).await;
    let answer = Peer::connect(address).await.get(POLLING).await.expect(404);
    assert_eq!(answer.text(), r#"{"message":"Not found: /. Engine.IO is served at /engine.io/"}"#);
}

#[tokio::test]
async fn ambiguous_request_is_refused_under_axum_too_and_ends_its_connection() {
    let server = new_echo(ServerConfig::default());
    let address = serve_axum(Router::new().layer(server.layer())).await;
    for lines in ["Host: a\r\nHost: b\r\n", "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n"] {
        let mut peer = Peer::connect(address).await;
        peer.send(format!("GET {POLLING} HTTP/1.1\r\n{lines}\r\n0\r\n\r\n")).await;
        peer.answer().await.expect(400);
        peer.end().await;
    }
}

#[tokio::test]
async fn polling_works_over_http2() {
    let (server, address) = echo(config()).await;
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
    tokio::spawn(connection);
    let mut send = async |method: &str, target: &str, body: &'static str| {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{address}{target}"))
            .header("origin", format!("http://{address}"))
            .body(Full::new(Bytes::from_static(body.as_bytes())));
        let answer = within(client.send_request(request.expect("a request"))).await;
        let (parts, body) = answer.expect("an answer").into_parts();
        let body = within(body.collect()).await.expect("a whole body").to_bytes();
        (parts.status.as_u16(), String::from_utf8(body.to_vec()).expect("a body of UTF-8"))
    };
    let (status, open) = send("GET", POLLING, "").await;
    assert_eq!(status, 200, "{open}");
    let target = format!("{POLLING}&sid={}", peer::open(&open));
    assert_eq!(send("POST", &target, "4hello").await, (200, "ok".to_owned()));
    assert_eq!(send("GET", &target, "").await, (200, "4hello".to_owned()));
    let (status, _) = send("GET", WEBSOCKET, "").await;
    assert_eq!(status, 400, "a WebSocket is asked for by CONNECT");
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn peers_address_is_known_alone_and_where_the_application_tells_it() {
    let told = Server::new(ServerConfig::default());
    let tell = axum::middleware::from_fn(
        |mut request: axum::extract::Request, next: axum::middleware::Next| {
            request.extensions_mut().insert(RemoteAddr(SocketAddr::from(([192, 0, 2, 1], 80))));
            next.run(request)
        },
    );
    let under_axum = serve_axum(Router::new().layer(told.layer()).layer(tell)).await;
    let alone = Server::new(ServerConfig::default());
    let address = listen(&alone).await;
    for (server, address, ip) in [(told, under_axum, "192.0.2.1"), (alone, address, "127.0.0.1")] {
        let mut peer = Peer::connect(address).await;
        peer.send(peer::get(POLLING)).await;
        let incoming = within(server.incoming()).await.expect("a client");
        assert_eq!(incoming.remote_ip(), Some(ip.parse().expect("an address")));
    }
}

#[tokio::test]
async fn request_without_a_connection_to_upgrade_is_500_and_leaves_no_session() {
    use tower_service::Service;
    let server = new_echo(ServerConfig::default());
    let request = Request::get(WEBSOCKET)
        .header("host", "test")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(Full::new(Bytes::new()))
        .expect("a request");
    let answer: Response<_> = within(server.service().call(request)).await.expect("an answer");
    assert_eq!(answer.status(), 500);
    assert!(server.is_empty());
}

#[tokio::test]
async fn listener_of_a_server_that_has_closed_takes_nobody_who_waits() {
    let server: Server = Server::new(ServerConfig::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = TcpStream::connect(address).await.expect("a place to wait");
        client.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.expect("a connection");
        clients.push(client);
    }
    server.close(Duration::ZERO).await;
    within(server.serve(listener)).await.expect("a listener that works");
    for mut client in clients {
        let read = within(client.read(&mut [0; 1])).await;
        assert!(!matches!(read, Ok(1)), "{read:?}");
    }
}
