//! Each program serves its page and Engine.IO: over polling, through the upgrade, and until it is
//! stopped.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use engineio_tokio::{ClientEvent, Message, Server, ServerConfig, Transport, connect};
use frameworks::{axum_router, hyper_loop, poem_endpoint, salvo_router, tower_stack, warp_filter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Serves with `program`, tries its page and Engine.IO as a browser would, and stops it.
async fn try_program<F>(program: impl FnOnce(TcpListener, Server, Stop) -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    try_beside("200", "a page", program).await;
}

/// The same, where the answer for the page has this status and this end.
async fn try_beside<F>(
    status: &str,
    end: &str,
    program: impl FnOnce(TcpListener, Server, Stop) -> F,
) where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let server = Server::new(ServerConfig::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(program(
        listener,
        server.clone(),
        Box::pin(async {
            let _ = stopped.await;
        }),
    ));
    tokio::spawn(echo(server));

    let page = get(address, "/").await;
    assert!(page.starts_with(&format!("HTTP/1.1 {status}")) && page.ends_with(end), "{page}");
    let unknown = get(address, "/engine.io/?EIO=4&transport=polling&sid=unknown").await;
    assert!(unknown.starts_with("HTTP/1.1 400"), "{unknown}");

    let mut client = connect(&*format!("http://{address}")).await.unwrap();
    client.send("over polling").await.unwrap();
    let long = "x".repeat(900_000);
    client.send(&*long).await.unwrap();
    let mut heard = Vec::new();
    let mut upgraded = false;
    while heard.len() < 2 || !upgraded {
        match client.event().await {
            Some(ClientEvent::Message(message)) => heard.push(message),
            Some(ClientEvent::Upgrade(transport)) => upgraded = transport == Transport::WebSocket,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(heard, ["over polling".into(), Message::from(&*long)]);
    client.send("over a WebSocket").await.unwrap();
    assert_eq!(client.recv().await, Some("over a WebSocket".into()));

    stop.send(()).unwrap();
    assert_eq!(client.recv().await, None);
    serving.await.unwrap().unwrap();
}

type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

async fn echo(server: Server) {
    while let Some(mut socket) = server.accept().await {
        tokio::spawn(async move {
            while let Some(message) = socket.recv().await {
                let _ = socket.send(message).await;
            }
        });
    }
}

async fn get(address: SocketAddr, target: &str) -> String {
    ask(address, target, "connection: close").await
}

async fn ask(address: SocketAddr, target: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn axum_serves_both() {
    try_program(axum_router::serve).await;
}

/// The chapter says to set it before.
#[tokio::test]
async fn axums_fallback_that_is_set_after_the_layer_gets_the_requests() {
    let server = Server::new(ServerConfig::default());
    for (is_after, status) in [(false, "400"), (true, "404")] {
        let fallback = async || axum::http::StatusCode::NOT_FOUND;
        let app = match is_after {
            false => axum::Router::new().fallback(fallback).layer(server.layer()),
            true => axum::Router::new().layer(server.layer()).fallback(fallback),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let answer = get(address, "/engine.io/?EIO=4&transport=polling&sid=unknown").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn hyper_serves_engineio_alone() {
    try_beside("404", "", |listener, server, stop| async move {
        let stopped = async {
            stop.await;
            server.close(Duration::from_secs(5)).await;
        };
        hyper_loop::serve(listener, server.service(), stopped).await
    })
    .await;
}

#[tokio::test]
async fn tower_on_hyper_serves_both() {
    try_program(|listener, server, stop| async move {
        let stopped = async {
            stop.await;
            server.close(Duration::from_secs(5)).await;
        };
        hyper_loop::serve(listener, tower_stack::service(&server), stopped).await
    })
    .await;
}

#[tokio::test]
async fn warp_serves_both() {
    try_program(warp_filter::serve).await;
}

#[tokio::test]
async fn poem_serves_both() {
    try_program(poem_endpoint::serve).await;
}

#[tokio::test]
async fn salvo_serves_both() {
    try_program(salvo_router::serve).await;
}

/// The chapter says what one sees when poem's own adapter is used instead.
#[tokio::test]
async fn poems_own_adapter_keeps_upgrades_to_itself() {
    use poem::endpoint::TowerCompatExt;

    let server = Server::new(ServerConfig::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = poem::listener::TcpAcceptor::from_tokio(listener).unwrap();
    let app = poem::Route::new().nest_no_strip("/engine.io", server.service().compat());
    tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(app));
    tokio::spawn(echo(server));

    let mut client = connect(&*format!("http://{address}")).await.unwrap();
    client.send("still there").await.unwrap();
    assert_eq!(client.recv().await, Some("still there".into()));
    let upgrade = "connection: upgrade, close\r\nupgrade: websocket\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13";
    let refused = ask(address, "/engine.io/?EIO=4&transport=websocket", upgrade).await;
    assert!(refused.starts_with("HTTP/1.1 500"), "{refused}");
    assert_eq!(client.transport(), Some(Transport::Polling));
}
