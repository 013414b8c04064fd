//! Bodies that are too long, too slow, cut or no bodies at all: what the peer is told, and that
//! nothing else is lost by it.

use std::time::Duration;

use peer::{Peer, post, session, settle, until, within};

use crate::suite::{POLLING, config, echo, is_for_actix_web};

/// Five bytes at a time, without end if `count` is large.
fn chunks(count: usize) -> String {
    "5\r\n4xxxx\r\n".repeat(count)
}

fn chunked(target: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: test\r\nContent-Type: text/plain\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    )
}

async fn assert_echo(peer: &mut Peer, target: &str) {
    assert_eq!(peer.post(target, "4hello").await.expect(200).text(), "ok");
    assert_eq!(peer.get(target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn body_over_the_limit_is_413_and_the_session_goes_on_on_the_same_connection() {
    let (_, address) = echo(config().max_payload(1000)).await;
    let (mut peer, target) = session(address).await;
    let refused = peer.post(&target, &"4".repeat(1001)).await.expect(413);
    assert_eq!(refused.text(), "");
    assert_echo(&mut peer, &target).await;
}

#[tokio::test]
async fn chunked_body_over_the_limit_is_413_and_the_session_goes_on() {
    let (_, address) = echo(config().max_payload(1000)).await;
    let (mut peer, target) = session(address).await;
    peer.send(format!("{}{}0\r\n\r\n", chunked(&target), chunks(1000))).await;
    peer.answer().await.expect(413);
    assert_echo(&mut peer, &target).await;
}

/// Many HTTP clients write all of it before they look for an answer.
#[tokio::test]
async fn body_of_many_times_the_limit_is_read_for_the_sake_of_its_413() {
    let (_, address) = echo(config().max_payload(1000)).await;
    let (mut peer, target) = session(address).await;
    peer.post(&target, &"4".repeat(20_000_000)).await.expect(413);
    assert_echo(&mut peer, &target).await;
}

#[tokio::test]
async fn endless_body_is_told_413_and_cut() {
    let (server, address) = echo(config().max_payload(1000)).await;
    let (_, target) = session(address).await;
    let mut peer = Peer::connect(address).await;
    peer.send(chunked(&target)).await;
    // A little more than is read for the sake of the answer: 64 MiB.
    let mebibyte = format!("100000\r\n{}\r\n", "4".repeat(1 << 20));
    for _ in 0..64 {
        peer.send(&mebibyte).await;
    }
    peer.send(chunks(201)).await;
    peer.answer().await.expect(413);
    if !is_for_actix_web("it reads chunked bodies to their end") {
        peer.rest().await;
    }
    assert_eq!(server.len(), 1);
    assert_echo(&mut Peer::connect(address).await, &target).await;
}

#[tokio::test]
async fn refused_post_with_a_large_body_sees_its_400() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    let body = "4".repeat(900_000);
    let refused = peer.post(&format!("{POLLING}&sid=nobody"), &body).await.expect(400);
    assert_eq!(refused.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    // The whole body was taken off the connection.
    peer.get(POLLING).await.expect(200);
}

#[tokio::test]
async fn other_method_with_a_large_body_sees_its_405() {
    let (_, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    let put = post(&target, &"4".repeat(900_000)).replacen("POST", "PUT", 1);
    peer.request(put).await.expect(405);
    assert_echo(&mut peer, &target).await;
}

#[tokio::test]
async fn poll_may_carry_a_body_that_nobody_wants() {
    let (_, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    peer.post(&target, "4hello").await.expect(200);
    let get = post(&target, &"x".repeat(100_000)).replacen("POST", "GET", 1);
    assert_eq!(peer.request(get).await.expect(200).text(), "4hello");
    assert_echo(&mut peer, &target).await;
}

#[tokio::test]
async fn post_that_asks_first_is_told_to_continue() {
    let (_, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    let request = post(&target, "4hello").replacen("\r\n", "\r\nExpect: 100-continue\r\n", 1);
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    peer.send(format!("{head}\r\n\r\n")).await;
    peer.answer().await.expect(100);
    peer.send(body).await;
    assert_eq!(peer.answer().await.expect(200).text(), "ok");
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn post_cut_half_way_ends_its_session_and_its_connection() {
    let (server, address) = echo(config()).await;
    let (_other, _) = session(address).await;
    let (_, target) = session(address).await;
    let mut peer = Peer::connect(address).await;
    let request = post(&target, "4hello");
    peer.send(&request[..request.len() - 1]).await;
    peer.finish().await;
    until(|| server.len() == 1).await;
    // Nothing more is said, or a 400: the connection has an end.
    let rest = peer.rest().await;
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 400 "), "{rest:?}");
}

#[tokio::test]
async fn broken_chunk_is_400_and_ends_the_session() {
    let (server, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    peer.send(format!("{}5\r\n4hell\r\nno length\r\n", chunked(&target))).await;
    peer.answer().await.expect(400);
    assert_eq!(server.len(), 0);
}

#[tokio::test]
async fn slow_body_is_408_and_ends_the_session() {
    let (server, address) = echo(config().body_timeout(Duration::from_millis(100))).await;
    let (mut peer, target) = session(address).await;
    let request = post(&target, "4hello");
    peer.send(&request[..request.len() - 1]).await;
    peer.answer().await.expect(408);
    assert_eq!(server.len(), 0);
}

#[tokio::test]
async fn body_that_is_no_text_is_400_and_ends_the_session() {
    let (server, address) = echo(config()).await;
    let (mut other, other_target) = session(address).await;
    let (mut peer, target) = session(address).await;
    let mut request = post(&target, "4hello").into_bytes();
    *request.last_mut().expect("a body") = 0xff;
    let refused = peer.request(request).await.expect(400);
    assert_eq!(refused.text(), "");
    assert_eq!(server.len(), 1);
    assert_echo(&mut other, &other_target).await;
}

#[tokio::test]
async fn body_still_on_its_way_when_the_session_ends_is_answered_once_it_is_whole() {
    let (server, address) = echo(config()).await;
    let (mut poll, target) = session(address).await;
    let mut peer = Peer::connect(address).await;
    let request = post(&target, &"4".repeat(100_000));
    let (first, second) = request.split_at(50_000);
    peer.send(first).await;
    // The second GET of two ends the session, at a moment when the server has seen the POST.
    poll.send(peer::get(&target)).await;
    settle(address).await;
    Peer::connect(address).await.get(&target).await.expect(400);
    assert_eq!(server.len(), 0);
    peer.send(second).await;
    within(peer.answer()).await.expect(400);
    // The connection is in order.
    peer.get(POLLING).await.expect(200);
}
