//! An application that calls `engineio_actix::serve` in its own handler.

use std::net::{SocketAddr, TcpListener};
use std::thread;

use actix_web::rt::{System, spawn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, guard, web};
use engineio_actix::{Server, ServerConfig, serve};
use engineio_tokio::{ClientOptions, Transport, connect};
use peer::Peer;

async fn live(server: web::Data<Server>, request: HttpRequest, body: web::Payload) -> HttpResponse {
    serve(&server, request, body).await
}

/// An application with Engine.IO in a scope with a guard, on a thread of its own.
fn application(server: Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        System::new().block_on(async move {
            spawn(echo(server.clone()));
            let app = move || {
                let guarded = web::scope("/live").guard(guard::Header("x-key", "open sesame"));
                App::new()
                    .app_data(web::Data::new(server.clone()))
                    .service(guarded.default_service(web::to(live)))
            };
            let serving = HttpServer::new(app).h1_allow_half_closed(false).disable_signals();
            serving.workers(1).listen(listener).expect("a listener that works").run().await
        })
    });
    address
}

async fn echo(server: Server) {
    while let Some(mut socket) = server.accept().await {
        while let Some(message) = socket.recv().await {
            let _ = socket.send(message).await;
        }
    }
}

fn config() -> ServerConfig {
    ServerConfig::builder().path("/live/io").build().expect("a configuration that makes sense")
}

#[tokio::test]
async fn handler_serves_polls_posts_and_the_upgrade() {
    let address = application(Server::new(config()));
    let url = format!("http://{address}/live/io/");
    let options = ClientOptions::new(&url).header("x-key", "open sesame");
    let mut client = connect(options).await.expect("a session");
    client.send("over polling").await.expect("a session");
    assert_eq!(client.recv().await, Some("over polling".into()));
    peer::until(|| client.transport() == Some(Transport::WebSocket)).await;
    client.send("over a WebSocket").await.expect("a session");
    assert_eq!(client.recv().await, Some("over a WebSocket".into()));
}

#[tokio::test]
async fn guard_of_the_scope_holds_for_engineio() {
    let address = application(Server::new(config()));
    let error = connect(&*format!("http://{address}/live/io/")).await.expect_err("a refusal");
    assert_eq!(error.refused().map(|refused| refused.status), Some(404));
}

#[tokio::test]
async fn other_path_of_the_handler_is_404_and_is_told_where_the_server_is() {
    let address = application(Server::new(config()));
    let mut peer = Peer::connect(address).await;
    let target = "/live/engine.io/?EIO=4&transport=polling";
    let request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nx-key: open sesame\r\n\r\n");
    let answer = peer.request(request).await.expect(404);
    assert!(answer.text().contains("/live/io"), "{answer:?}");
}
