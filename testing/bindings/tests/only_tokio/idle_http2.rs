//! Connections of HTTP/2 whose peers answer pings and do nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use bindings::tokio::{Server, ServerConfig, ServerConfigBuilder};
use bytes::Bytes;
use http::Request;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::suite::{POLLING, accept, config, listen};

type Client = SendRequest<UnsyncBoxBody<Bytes, std::convert::Infallible>>;

/// A client, and the task that answers the server's pings until the connection ends in order.
async fn connect(address: SocketAddr) -> (Client, JoinHandle<()>) {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let stream = TokioIo::new(stream);
    let (client, connection) =
        http2::handshake(TokioExecutor::new(), stream).await.expect("HTTP/2");
    (client, tokio::spawn(async move { connection.await.expect("an end without an error") }))
}

/// Waits for the end of a connection for up to an hour, and says how long that took.
async fn lasted(connection: JoinHandle<()>) -> Duration {
    let start = Instant::now();
    let end = timeout(Duration::from_secs(3600), connection).await;
    end.expect("the server ends it").expect("no panic");
    start.elapsed()
}

fn about(seconds: u64) -> std::ops::Range<Duration> {
    let least = Duration::from_secs(seconds);
    least..least + Duration::from_millis(200)
}

fn get(
    address: SocketAddr,
    target: &str,
) -> Request<UnsyncBoxBody<Bytes, std::convert::Infallible>> {
    let uri = format!("http://{address}{target}");
    Request::get(uri).body(UnsyncBoxBody::new(Empty::new())).expect("a request")
}

async fn text(answer: http::Response<hyper::body::Incoming>) -> String {
    let body = answer.into_body().collect().await.expect("a whole body").to_bytes();
    String::from_utf8(body.to_vec()).expect("a body of UTF-8")
}

/// A server whose connections may be idle for this long.
async fn serve(config: ServerConfigBuilder, idle: Duration) -> (Server, SocketAddr) {
    let config = config.build().expect("a legal configuration");
    let server = Server::builder(config).idle_timeout(idle).build();
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    (server, address)
}

#[tokio::test(start_paused = true)]
async fn connection_that_only_answers_pings_is_ended_in_order() {
    let server = Server::new(ServerConfig::default());
    let address = listen(&server).await;
    let (_client, connection) = connect(address).await;
    let lasted = lasted(connection).await;
    assert!(about(45).contains(&lasted), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn endless_post_to_another_path_does_not_keep_its_connection() {
    let (_server, address) = serve(config(), Duration::from_secs(10)).await;
    let (mut client, connection) = connect(address).await;
    let endless = futures_util::stream::unfold((), |()| async {
        sleep(Duration::from_millis(500)).await;
        Some((Ok(Frame::data(Bytes::from_static(b"more"))), ()))
    });
    let request = Request::post(format!("http://{address}/other"));
    let request = request.body(UnsyncBoxBody::new(StreamBody::new(Box::pin(endless))));
    let answer = client.send_request(request.expect("a request")).await.expect("an answer");
    assert_eq!(answer.status(), 404);
    let lasted = lasted(connection).await;
    assert!(about(10).contains(&lasted), "{lasted:?}");
}

/// In real time: paused time runs on while bytes are on their way.
#[tokio::test]
async fn parked_poll_keeps_its_connection() {
    let config = config().ping_interval(Duration::from_millis(1500));
    let (_server, address) = serve(config, Duration::from_millis(500)).await;
    let (mut client, connection) = connect(address).await;
    let open = client.send_request(get(address, POLLING)).await.expect("an answer");
    let target = format!("{POLLING}&sid={}", peer::open(&text(open).await));
    let ping = client.send_request(get(address, &target)).await.expect("an answer");
    assert_eq!(text(ping).await, "2");
    let again = client.send_request(get(address, POLLING)).await.expect("an answer");
    assert_eq!(again.status(), 200);
    drop(again);
    lasted(connection).await;
}

#[tokio::test]
async fn answer_that_is_read_slowly_arrives_whole_and_one_that_is_not_read_is_given_up() {
    let config = config().max_payload(64 << 20).outbox_high_water(64 << 20);
    let config = config.compression_threshold(None).linger(Duration::from_millis(500));
    let (server, address) = serve(config, Duration::from_millis(1500)).await;
    for reads in [true, false] {
        let (mut client, connection) = connect(address).await;
        let open = client.send_request(get(address, POLLING)).await.expect("an answer");
        let target = format!("{POLLING}&sid={}", peer::open(&text(open).await));
        server.broadcast("x".repeat(32 << 20));
        let answer = client.send_request(get(address, &target)).await.expect("an answer");
        let mut body = answer.into_body();
        if reads {
            let (mut count, mut pause_at) = (0, 0);
            while let Some(frame) = body.frame().await {
                count += frame.expect("a frame").into_data().expect("data").len();
                if count >= pause_at {
                    sleep(Duration::from_millis(800)).await;
                    pause_at += 12 << 20;
                }
            }
            assert_eq!(count, 1 + (32 << 20));
        }
        lasted(connection).await;
    }
}
