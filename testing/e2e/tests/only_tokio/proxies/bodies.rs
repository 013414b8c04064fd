//! How long a body may be behind a proxy.

use super::{HANDSHAKE, Watched, connect, for_each_proxy, get};
use e2e::{Proxy, Snippet, Software, needs, patient};
use peer::Answer;

const MAX_PAYLOAD: usize = 1_000_000;

/// The answer to a POST with a body of this length, in a new session.
async fn post(proxy: &Proxy, length: usize) -> Answer {
    let mut peer = connect(proxy).await;
    let host = proxy.authority();
    let sid = peer.request(get(&host, HANDSHAKE, "")).await.expect(200).sid();
    let body = "4".repeat(length);
    peer.request(format!(
        "POST {HANDSHAKE}&sid={sid} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    ))
    .await
}

async fn body_of_max_payload_is_taken_and_a_longer_one_refused_by_the_server(software: Software) {
    let server = Watched::start(patient().max_payload(MAX_PAYLOAD)).await;
    let proxy = Snippet::for_one(software).start(&[&server.authority()]);
    assert_eq!(post(&proxy, MAX_PAYLOAD).await.expect(200).text(), "ok");
    assert_eq!(server.log(), [""; 0]);
    post(&proxy, MAX_PAYLOAD + 1).await.expect(413);
    let line = server.first_line().await;
    assert!(line.contains("`max_payload`"), "{line}");
}

for_each_proxy! { needs () body_of_max_payload_is_taken_and_a_longer_one_refused_by_the_server }

#[needs(nginx)]
#[tokio::test]
async fn body_that_nginx_refuses_leaves_no_trace_in_the_log() {
    let server = Watched::start(patient().max_payload(MAX_PAYLOAD)).await;
    let snippet = Snippet::for_one(Software::Nginx)
        .with("client_max_body_size 1m", "client_max_body_size 100k");
    let proxy = snippet.start(&[&server.authority()]);
    post(&proxy, MAX_PAYLOAD).await.expect(413);
    assert_eq!(server.log(), [""; 0]);
}
