//! Those who are turned away: what they see, and what the operator is told of them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peer::{Peer, get, session, until, upgrade};

use crate::engineio::{Observer, RefusedRequest, Server, ServerConfigBuilder};
use crate::suite::{POLLING, WEBSOCKET, accept, config, has_other_pages, is_for_actix_web, listen};

/// Lines such as `warn GET /engine.io 127.0.0.1 unknown_session`, and the sentences.
#[derive(Clone, Default)]
pub(super) struct Told(Arc<Mutex<Vec<(String, String)>>>);

impl Observer for Told {
    fn refused(&self, request: &RefusedRequest<'_>) {
        let level = if request.is_first() { "warn" } else { "debug" };
        let (method, path, cause) = (request.method(), request.path(), request.cause().name());
        let ip = request.remote_ip().map_or_else(String::new, |ip| ip.to_string());
        let line = format!("{level} {method} {path} {ip} {cause}");
        self.0.lock().expect("no panic").push((line, request.to_string()));
    }
}

impl Told {
    /// Waits for this many, and gives the lines.
    pub(super) async fn lines(&self, count: usize) -> Vec<String> {
        until(|| self.0.lock().expect("no panic").len() >= count).await;
        self.0.lock().expect("no panic").iter().map(|(line, _)| line.clone()).collect()
    }

    pub(super) fn sentence(&self, place: usize) -> String {
        self.0.lock().expect("no panic")[place].1.clone()
    }
}

/// A server that tells of refusals and accepts nobody.
async fn deaf(config: ServerConfigBuilder) -> (Told, Server, SocketAddr) {
    let told = Told::default();
    let config = config.build().expect("a legal configuration");
    let server = Server::builder(config).observer(told.clone()).build();
    let address = listen(&server).await;
    (told, server, address)
}

/// The same with somebody who accepts.
async fn observed(config: ServerConfigBuilder) -> (Told, SocketAddr) {
    let (told, server, address) = deaf(config).await;
    tokio::spawn(accept(server));
    (told, address)
}

#[tokio::test]
async fn handshake_that_nobody_accepts_asks_who_accepts() {
    let (told, _server, address) = deaf(config().accept_timeout(Duration::from_millis(50))).await;
    let answer = Peer::connect(address).await.get(POLLING).await.expect(503);
    assert_eq!(answer.text(), r#"{"message":"The application accepted no session in time"}"#);
    assert_eq!(told.lines(1).await, ["warn GET /engine.io 127.0.0.1 not_accepted"]);
    let sentence = told.sentence(0);
    assert!(sentence.contains("does anything call `accept()`"), "{sentence}");
    Peer::connect(address).await.upgrade(WEBSOCKET).await.expect(503);
    assert_eq!(told.lines(2).await[1], "debug GET /engine.io 127.0.0.1 not_accepted");
}

#[tokio::test]
async fn other_path_is_404_and_says_what_is_served() {
    if has_other_pages() {
        return;
    }
    let (told, address) = observed(config()).await;
    let mut peer = Peer::connect(address).await;
    let answer = peer.get("/socket.io/?EIO=4&transport=polling").await.expect(404);
    assert_eq!(
        answer.text(),
        r#"{"message":"Not found: /socket.io/. Engine.IO is served at /engine.io/"}"#
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(peer.post("/socket.io/", "4hello").await.expect(404).text(), answer.text());
    Peer::connect(address).await.get(POLLING).await.expect(200);
    assert_eq!(
        told.lines(2).await,
        ["warn GET /socket.io/ 127.0.0.1 path", "debug POST /socket.io/ 127.0.0.1 path",]
    );
}

#[tokio::test]
async fn bodies_and_methods_that_are_refused_are_told() {
    let config = config().max_payload(1000).body_timeout(Duration::from_millis(50));
    let (told, address) = observed(config).await;
    let (mut peer, target) = session(address).await;
    peer.post(&target, &"4".repeat(1001)).await.expect(413);
    let put = peer::post(&target, "").replacen("POST", "PUT", 1);
    peer.request(put).await.expect(405);
    let slow = peer::post(&target, "4hello");
    peer.send(&slow[..slow.len() - 1]).await;
    peer.answer().await.expect(408);
    assert_eq!(
        told.lines(3).await,
        [
            "warn POST /engine.io 127.0.0.1 too_large",
            "warn PUT /engine.io 127.0.0.1 method",
            "warn POST /engine.io 127.0.0.1 slow_body",
        ]
    );
    assert!(told.sentence(0).contains("`max_payload`"));
}

#[tokio::test]
async fn heads_that_are_not_understood_are_told() {
    if is_for_actix_web("it answers bad heads itself, and takes longer ones") {
        return;
    }
    let (told, address) = observed(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.send("\u{1}\u{2}\u{3} what is this\r\n\r\n").await;
    assert!(peer.rest().await.starts_with(b"HTTP/1.1 400 "));
    let mut peer = Peer::connect(address).await;
    let head = format!("GET {POLLING} HTTP/1.1\r\nHost: test\r\nX: {}", "x".repeat(16 << 10));
    peer.send(&head[..16 << 10]).await;
    assert!(peer.rest().await.starts_with(b"HTTP/1.1 431 "));
    assert_eq!(
        told.lines(2).await,
        ["warn   127.0.0.1 malformed_head", "warn   127.0.0.1 head_too_large"]
    );
    assert!(told.sentence(0).contains("TLS"), "{}", told.sentence(0));
    assert!(told.sentence(1).contains("cookies"), "{}", told.sentence(1));
}

#[tokio::test]
async fn head_that_does_not_end_is_told_and_an_idle_connection_is_not() {
    if is_for_actix_web("it has its own deadlines for heads and idle connections") {
        return;
    }
    let told = Told::default();
    let builder = Server::builder(config().build().expect("a legal configuration"));
    let server = builder.observer(told.clone()).idle_timeout(Duration::from_millis(100)).build();
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    let (idle, _) = session(address).await;
    assert_eq!(idle.rest().await.len(), 0);
    let (mut slow, target) = session(address).await;
    slow.send(&get(&target)[..40]).await;
    slow.rest().await;
    assert_eq!(told.lines(1).await, ["warn   127.0.0.1 slow_head"]);
}

#[tokio::test]
async fn websocket_whose_upgrade_a_proxy_took_away_names_the_proxys_settings() {
    let (told, address) = observed(config()).await;
    let mut peer = Peer::connect(address).await;
    let cut = upgrade(WEBSOCKET).replace("Upgrade: websocket\r\n", "");
    assert!(!cut.contains("Upgrade: websocket"));
    let answer = peer.request(cut).await.expect(400);
    assert_eq!(answer.text(), r#"{"code":3,"message":"Bad request"}"#);
    Peer::connect(address).await.get(WEBSOCKET).await.expect(400);
    assert_eq!(told.lines(2).await[0], "warn GET /engine.io 127.0.0.1 upgrade_missing");
    assert!(told.sentence(0).contains("proxy_set_header Upgrade"), "{}", told.sentence(0));
}

#[tokio::test]
async fn failed_probe_is_told() {
    let (told, address) = observed(config()).await;
    let (_peer, target) = session(address).await;
    let mut probe = Peer::connect(address).await;
    probe.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    probe.say("4no probe").await;
    assert_eq!(told.lines(1).await, ["warn GET /engine.io 127.0.0.1 probe_failed"]);
}

#[tokio::test]
async fn page_of_another_origin_is_told_with_what_was_compared() {
    let (told, address) = observed(config()).await;
    let request = get(POLLING).replacen("\r\n", "\r\nOrigin: https://other.test\r\n", 1);
    Peer::connect(address).await.request(request).await.expect(403);
    assert_eq!(told.lines(1).await, ["warn GET /engine.io 127.0.0.1 origin"]);
    let sentence = told.sentence(0);
    assert!(sentence.contains(r#""https://other.test" isn't the host "test""#), "{sentence}");
}

/// Sends it with a request behind it, and gives all that comes.
async fn answers_to(address: SocketAddr, request: &str) -> String {
    let mut peer = Peer::connect(address).await;
    peer.send(request).await;
    peer.send(get(POLLING)).await;
    String::from_utf8(peer.rest().await.to_vec()).expect("answers of UTF-8")
}

#[tokio::test]
async fn request_that_two_servers_could_read_differently_is_400_and_the_last_of_its_connection() {
    let (_, address) = observed(config()).await;
    for lines in [
        "Host: test\r\nHost: test\r\n",
        "Host: test\r\nHost: other\r\n",
        "",
        "Host: test\r\nTransfer-Encoding: gzip, chunked\r\n",
        "Host: test\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let body = if lines.contains("chunked") { "0\r\n\r\n" } else { "" };
        for method in ["GET", "POST"] {
            let request = format!("{method} {POLLING} HTTP/1.1\r\n{lines}\r\n{body}");
            let answers = answers_to(address, &request).await;
            assert!(answers.starts_with("HTTP/1.1 400 "), "{request}: {answers}");
            assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{request}: {answers}");
        }
    }
}
