//! The log lines that the chapter "What you see and why" quotes are those that a server writes: each
//! scene causes one kind of trouble, and the chapter must have its lines, and no others.
//!
//! One test, since `tracing` asks once for each place that logs whether anybody listens.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::middleware::{Next, from_fn};
use engineio_tokio::{Cors, Revisions, Server, ServerConfig, ServerConfigBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CHAPTER: &str = include_str!("../src/troubleshooting.md");
const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";
const UPGRADE: &str = "upgrade: websocket\r\nconnection: upgrade, close\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";

#[tokio::test]
async fn log_lines_are_those_that_a_server_writes() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .without_time()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();

    stays_on_polling(&log).await;
    turned_away(&log).await;
    ends(&log).await;

    let written = log.lines();
    let quoted: BTreeSet<_> = quoted().collect();
    for line in &quoted {
        assert!(written.contains(line), "no server writes this: {line}\nbut:\n{written:#?}");
    }
    let unquoted: Vec<_> = written.iter().filter(|line| !quoted.contains(*line)).collect();
    assert!(unquoted.is_empty(), "the chapter lacks these: {unquoted:#?}");
}

async fn stays_on_polling(log: &Log) {
    // A proxy that drops the upgrade, and one that speaks HTTP/1.0.
    let address = echo(|config| config).await;
    ask(address, "GET", WEBSOCKET, "1.1", "", b"").await;
    log.wait_for("upgrade_missing").await;
    ask(address, "GET", WEBSOCKET, "1.0", UPGRADE, b"").await;
    log.wait_for("websocket_over_http_1_0").await;

    // A framework that keeps the upgrade to itself.
    let server = Server::new(ServerConfig::default());
    let app = Router::new().layer(server.layer()).layer(from_fn(
        |mut request: axum::extract::Request, next: Next| {
            request.extensions_mut().clear();
            next.run(request)
        },
    ));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let framework = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    ask(framework, "GET", WEBSOCKET, "1.1", UPGRADE, b"").await;
    log.wait_for("no_upgrade").await;

    // A proxy that opens a WebSocket and carries nothing.
    let target = open(address).await.replace("polling", "websocket");
    let mut stream = send(address, "GET", &target, "1.1", UPGRADE, b"").await;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    drop(stream);
    log.wait_for("probe_failed").await;
}

async fn turned_away(log: &Log) {
    let address = echo(|config| config.max_payload(1000)).await;
    ask(address, "GET", &format!("{POLLING}&sid=unknown"), "1.1", "", b"").await;
    log.wait_for("unknown_session").await;
    ask(address, "GET", "/live/?EIO=4&transport=polling", "1.1", "", b"").await;
    log.wait_for("cause=\"path\"").await;
    let origin = "origin: https://app.example\r\n";
    ask(address, "GET", POLLING, "1.1", origin, b"").await;
    log.wait_for("isn't the host").await;
    ask(address, "POST", &open(address).await, "1.1", "", &[b'4'; 2000]).await;
    log.wait_for("cause=\"too_large\"").await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await.unwrap();
    log.wait_for("malformed_head").await;

    let listed = Cors::List(vec!["http://app.example".into()]);
    let address = echo(|config| config.cors(listed)).await;
    ask(address, "GET", POLLING, "1.1", origin, b"").await;
    log.wait_for("isn't in the list").await;

    let address = echo(|config| config.revisions(Revisions::V4)).await;
    ask(address, "GET", &POLLING.replace("EIO=4", "EIO=3"), "1.1", "", b"").await;
    log.wait_for("unsupported_revision").await;

    let config = ServerConfig::builder().accept_timeout(Duration::from_millis(20));
    let idle: Server = Server::new(config.build().unwrap());
    let serving = idle.bind("127.0.0.1:0").unwrap();
    let address = serving.local_addr();
    tokio::spawn(serving);
    let answer = ask(address, "GET", POLLING, "1.1", "", b"").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    log.wait_for("not_accepted").await;
    let _events = idle.events();
    assert!(idle.accept().await.is_none());
    log.wait_for("accept() or incoming()").await;
}

async fn ends(log: &Log) {
    let short = Duration::from_millis(20);
    let silent = echo(|config| config.ping_interval(short).ping_timeout(short)).await;
    let target = open(silent).await;
    ask(silent, "GET", &target, "1.1", "", b"").await;
    log.wait_for("ping timeout").await;

    // Nobody reads what this session receives.
    let config =
        ServerConfig::builder().inbox_high_water(100).inbox_limit(200).stall_timeout(short);
    let server: Server = Server::new(config.build().unwrap());
    let serving = server.bind("127.0.0.1:0").unwrap();
    let address = serving.local_addr();
    tokio::spawn(serving);
    let (target, socket) = tokio::join!(open(address), server.accept());
    ask(address, "POST", &target, "1.1", "", &[b'4'; 500]).await;
    log.wait_for("overloaded").await;
    drop(socket);

    // A message over a WebSocket that is longer than allowed.
    let address = echo(|config| config.max_payload(1000)).await;
    let mut stream = send(address, "GET", WEBSOCKET, "1.1", UPGRADE, b"").await;
    let length = 2000_u16.to_be_bytes();
    let header = [0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0];
    stream.write_all(&header).await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    log.wait_for("closed sid=Sid(hG3kQz…) reason=the peer sent").await;
}

/// The address of a server that echoes.
async fn echo(settings: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder) -> SocketAddr {
    let server = Server::new(settings(ServerConfig::builder()).build().unwrap());
    let serving = server.bind("127.0.0.1:0").unwrap();
    let address = serving.local_addr();
    tokio::spawn(serving);
    tokio::spawn(async move {
        while let Some(mut socket) = server.accept().await {
            tokio::spawn(async move {
                while let Some(message) = socket.recv().await {
                    let _ = socket.send(message).await;
                }
            });
        }
    });
    address
}

/// Opens a session over polling, and gives the target of its requests.
async fn open(address: SocketAddr) -> String {
    let answer = ask(address, "GET", POLLING, "1.1", "", b"").await;
    format!("{POLLING}&sid={}", docs::sid(&answer).expect("a session"))
}

async fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    version: &str,
    headers: &str,
    body: &[u8],
) -> String {
    let headers = match headers {
        UPGRADE => headers.into(),
        _ => format!("{headers}connection: close\r\n"),
    };
    let mut stream = send(address, method, target, version, &headers, body).await;
    let mut answer = Vec::new();
    // A refusal may close the connection before the body was read.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn send(
    address: SocketAddr,
    method: &str,
    target: &str,
    version: &str,
    headers: &str,
    body: &[u8],
) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/{version}\r\nhost: chat.example\r\n{headers}content-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

/// What the chapter quotes of a log, without its line breaks.
fn quoted() -> impl Iterator<Item = String> {
    let blocks = CHAPTER.split("```text\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let logs = blocks.filter(|block| ["WARN ", "DEBUG "].iter().any(|it| block.starts_with(it)));
    logs.map(|block| block.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What it says of troubles: neither what opens nor what ends in order.
    fn lines(&self) -> BTreeSet<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let ordinary = ["session opened", "closed by the peer"];
        text.lines()
            .filter(|line| {
                line.contains("engineio: ") && !ordinary.iter().any(|it| line.contains(it))
            })
            .map(|line| with_sid(line.trim_start()))
            .collect()
    }

    async fn wait_for(&self, text: &str) {
        let written = async {
            while !self.lines().iter().any(|line| line.contains(text)) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let written = tokio::time::timeout(Duration::from_secs(40), written).await;
        assert!(written.is_ok(), "nothing with {text}: {:#?}", self.lines());
    }
}

/// Every run has other sessions.
fn with_sid(line: &str) -> String {
    let mut parts = line.split("Sid(");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str("Sid(hG3kQz…)");
        kept.push_str(part.split_once(')').map_or("", |(_, rest)| rest));
    }
    kept
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
