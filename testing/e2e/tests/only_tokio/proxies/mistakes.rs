//! Proxies that are set up wrong, and what a server logs of it. The guide quotes the lines.

use super::{HANDSHAKE, UPGRADE, WEBSOCKET, Watched, connect, get};
use core::time::Duration;
use e2e::{Proxy, Snippet, Software, needs, patient};
use engineio_tokio::ServerConfigBuilder;
use peer::Answer;
use std::fs;

/// A server behind a proxy.
async fn behind(snippet: Snippet, config: ServerConfigBuilder) -> (Proxy, Watched) {
    let server = Watched::start(config).await;
    (snippet.start(&[&server.authority()]), server)
}

/// The answer to a page of `https://chat.example`.
async fn ask(proxy: &Proxy, target: &str, headers: &str) -> Answer {
    connect(proxy).await.request(get("chat.example", target, headers)).await
}

/// Fails the test unless the first line of the log is in the guide.
async fn logs_what_the_guide_quotes(server: &Watched) {
    guide_quotes(&server.first_line().await);
}

/// Fails the test unless the guide has this line of a log, or its beginning and a `…`.
pub(super) fn guide_quotes(line: &str) {
    let chapter = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/proxies.md");
    let chapter = fs::read_to_string(chapter).expect("the chapter");
    // It breaks long ones.
    let chapter = chapter.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_quoted = chapter.split(" engineio: ").skip(1).any(|quote| {
        let quote = quote.split(" ```").next().unwrap_or_default();
        let beginning = quote.strip_suffix('…');
        beginning.map_or_else(|| quote.starts_with(line), |it| line.starts_with(it))
    });
    assert!(is_quoted, "the guide doesn't quote this: {line}");
}

const NGINX: Software = Software::Nginx;

#[needs(nginx)]
#[tokio::test]
async fn proxy_that_speaks_http_1_0() {
    let snippet = Snippet::for_one(NGINX).without("proxy_http_version");
    let (proxy, server) = behind(snippet, patient()).await;
    ask(&proxy, HANDSHAKE, "").await.expect(200);
    ask(&proxy, WEBSOCKET, UPGRADE).await.expect(400);
    logs_what_the_guide_quotes(&server).await;
}

#[needs(nginx)]
#[tokio::test]
async fn nginx_that_keeps_the_upgrade_to_itself() {
    let snippet = Snippet::for_one(NGINX).without("proxy_set_header Upgrade");
    let (proxy, server) = behind(snippet, patient()).await;
    ask(&proxy, HANDSHAKE, "").await.expect(200);
    ask(&proxy, WEBSOCKET, UPGRADE).await.expect(400);
    logs_what_the_guide_quotes(&server).await;
}

#[needs(apache)]
#[tokio::test]
async fn apache_that_keeps_the_upgrade_to_itself() {
    let snippet = Snippet::for_one(Software::Apache).with(" upgrade=websocket", "");
    let (proxy, server) = behind(snippet, patient()).await;
    ask(&proxy, HANDSHAKE, "").await.expect(200);
    ask(&proxy, WEBSOCKET, UPGRADE).await.expect(400);
    logs_what_the_guide_quotes(&server).await;
}

const PAGE: &str = "Origin: https://chat.example\r\n";

#[needs(nginx)]
#[tokio::test]
async fn nginx_that_writes_a_host_of_its_own() {
    let snippet = Snippet::for_one(NGINX).without("Host $http_host");
    let (proxy, server) = behind(snippet, patient()).await;
    ask(&proxy, HANDSHAKE, "").await.expect(200);
    ask(&proxy, HANDSHAKE, PAGE).await.expect(403);
    logs_what_the_guide_quotes(&server).await;
}

#[needs(nginx)]
#[tokio::test]
async fn nginx_that_cuts_the_port_off_the_host() {
    let snippet = Snippet::for_one(NGINX).with("$http_host", "$host");
    let (proxy, server) = behind(snippet, patient()).await;
    let request = get("chat.example:8443", HANDSHAKE, "Origin: https://chat.example:8443\r\n");
    connect(&proxy).await.request(request).await.expect(403);
    logs_what_the_guide_quotes(&server).await;
}

#[needs(apache)]
#[tokio::test]
async fn apache_that_writes_a_host_of_its_own() {
    let snippet = Snippet::for_one(Software::Apache).without("ProxyPreserveHost");
    let (proxy, server) = behind(snippet, patient()).await;
    ask(&proxy, HANDSHAKE, PAGE).await.expect(403);
    let line = server.first_line().await;
    assert!(line.contains("isn't the host"), "{line}");
    // Apache says which host it was asked for.
    let snippet = Snippet::for_one(Software::Apache).without("ProxyPreserveHost");
    let trusting = patient().trust_forwarded(true);
    let (proxy, _server) = behind(snippet, trusting).await;
    ask(&proxy, HANDSHAKE, PAGE).await.expect(200);
}

#[needs(nginx)]
#[tokio::test]
async fn proxy_that_cuts_the_path_off() {
    let snippet = Snippet::for_one(NGINX).with("http://engineio;", "http://engineio/;");
    let (proxy, server) = behind(snippet, patient()).await;
    ask(&proxy, HANDSHAKE, "").await.expect(404);
    logs_what_the_guide_quotes(&server).await;
}

/// The snippet with time-outs of a second.
fn impatient(software: Software) -> Snippet {
    let (patient, impatient) = match software {
        Software::Apache => ("timeout=60", "timeout=1"),
        Software::Nginx | Software::HaProxy | Software::Caddy => (" 60s", " 1s"),
    };
    Snippet::for_one(software).with(patient, impatient)
}

#[needs(apache, haproxy, nginx)]
#[tokio::test]
async fn polls_that_wait_longer_than_the_time_out() {
    for (software, status) in [(NGINX, 504), (Software::HaProxy, 504), (Software::Apache, 502)] {
        let config = patient().poll_grace(Duration::from_millis(100));
        let (proxy, server) = behind(impatient(software), config).await;
        let sid = ask(&proxy, HANDSHAKE, "").await.expect(200).sid();
        ask(&proxy, &format!("{HANDSHAKE}&sid={sid}"), "").await.expect(status);
        logs_what_the_guide_quotes(&server).await;
    }
}

/// Apache leaves them alone, like Caddy.
#[needs(haproxy, nginx)]
#[tokio::test]
async fn websockets_that_are_idle_longer_than_the_time_out() {
    for software in [NGINX, Software::HaProxy] {
        let (proxy, server) = behind(impatient(software), patient()).await;
        let mut peer = connect(&proxy).await;
        peer.request(get("chat.example", WEBSOCKET, UPGRADE)).await.expect(101);
        peer.rest().await;
        logs_what_the_guide_quotes(&server).await;
    }
}
