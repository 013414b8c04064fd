//! Requests that two servers could read in two ways. Each is refused, and nothing behind it on its
//! connection is taken for a request.

use peer::{Peer, get, session};

use crate::suite::{POLLING, WEBSOCKET, config, echo};

/// Sends it with a request behind it, and gives all that comes.
async fn answers_to(address: std::net::SocketAddr, request: &[u8]) -> String {
    let mut peer = Peer::connect(address).await;
    peer.send(request).await;
    peer.send(get(POLLING)).await;
    String::from_utf8(peer.rest().await.to_vec()).expect("answers of UTF-8")
}

/// The first answer has this status, there is no other, and no session has begun.
async fn assert_all_refused(status: u16, requests: &[&[u8]]) {
    let (server, address) = echo(config()).await;
    let (mut other, target) = session(address).await;
    for request in requests {
        let answers = answers_to(address, request).await;
        let shown = request.escape_ascii();
        assert!(answers.starts_with(&format!("HTTP/1.1 {status} ")), "{shown}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{shown}: {answers}");
        assert!(answers.contains("\r\nconnection: close\r\n"), "{shown}: {answers}");
    }
    assert_eq!(server.len(), 1);
    // Those who speak HTTP notice nothing.
    other.post(&target, "4hello").await.expect(200);
    assert_eq!(other.get(&target).await.expect(200).text(), "4hello");
}

fn head(lines: &str) -> Vec<u8> {
    format!("POST {POLLING} HTTP/1.1\r\nHost: test\r\n{lines}\r\n").into_bytes()
}

#[tokio::test]
async fn length_of_a_body_that_is_said_twice_or_wrongly_is_400() {
    let lengths = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999999\r\n",
    ];
    let requests = lengths.map(head);
    assert_all_refused(400, &requests.each_ref().map(Vec::as_slice)).await;
}

#[tokio::test]
async fn transfer_coding_other_than_exactly_chunked_is_400() {
    let codings = [
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding:\r\n",
    ];
    let requests = codings.map(head);
    assert_all_refused(400, &requests.each_ref().map(Vec::as_slice)).await;
    let old = format!("POST {POLLING} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_all_refused(400, &[old.as_bytes()]).await;
}

#[tokio::test]
async fn chunk_whose_length_is_no_plain_number_is_400_and_ends_its_session() {
    for chunk in [
        "+5\r\n4hell\r\n0\r\n\r\n",
        "0x5\r\n4hell\r\n0\r\n\r\n",
        "\r\n4hell\r\n0\r\n\r\n",
        " 5\r\n4hell\r\n0\r\n\r\n",
        "5\n4hell\r\n0\r\n\r\n",
        "5;x\ny\r\n4hell\r\n0\r\n\r\n",
        "5\r\n4hello\r\n0\r\n\r\n",
        "5\r\n4hell\n0\r\n\r\n",
        "10000000000000005\r\n4hell\r\n0\r\n\r\n",
        "5\r\n4hell\r\n0\r\nTrailer: x\n\r\n",
    ] {
        let (server, address) = echo(config()).await;
        let (_, target) = session(address).await;
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"
        );
        let answers = answers_to(address, request.as_bytes()).await;
        assert!(answers.starts_with("HTTP/1.1 400 "), "{chunk:?}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{chunk:?}: {answers}");
        assert_eq!(server.len(), 0, "{chunk:?}");
    }
}

#[tokio::test]
async fn chunks_in_every_legal_form_are_a_body() {
    let (_, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    for chunks in [
        "6\r\n4hello\r\n0\r\n\r\n",
        "06 ; name=value\r\n4hello\r\n0\r\n\r\n",
        "1\r\n4\r\n5\r\nhello\r\n000\r\nTrailer: x\r\nOther: y\r\n\r\n",
    ] {
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: Chunked\r\n\r\n{chunks}"
        );
        peer.request(request).await.expect(200);
        assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    }
}

#[tokio::test]
async fn head_that_is_not_clearly_http_is_400() {
    let request = |rest: &str| format!("GET {POLLING} {rest}").into_bytes();
    let requests = [
        request("HTTP/1.1\r\n\r\n"),
        request("HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n"),
        request("HTTP/1.1\nHost: test\n\r\n\r\n"),
        request("HTTP/1.1\r\nHost: test\nX: y\r\n\r\n"),
        request("HTTP/1.1\r\nHost: test\r\nX : y\r\n\r\n"),
        request("HTTP/1.1\r\nHost: test\r\nX: y\r\n z\r\n\r\n"),
        request("HTTP/1.1\r\nHost: test\r\nX: \0\r\n\r\n"),
        request("HTTP/1.1\r\nHost: test\r\nno colon\r\n\r\n"),
        request("HTTP/2.0\r\nHost: test\r\n\r\n"),
        request("HTTP/1.11\r\nHost: test\r\n\r\n"),
        request("\r\nHost: test\r\n\r\n"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
    ];
    assert_all_refused(400, &requests.each_ref().map(Vec::as_slice)).await;
}

#[tokio::test]
async fn tls_is_400_before_a_line_ends() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
}

#[tokio::test]
async fn more_headers_or_a_longer_head_than_the_limit_is_431() {
    let with = |headers: &str| format!("GET {POLLING} HTTP/1.1\r\nHost: test\r\n{headers}\r\n");
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.request(with(&"X: y\r\n".repeat(99))).await.expect(200);
    let long = format!("X: {}\r\n", "y".repeat((16 << 10) - with("X: \r\n").len()));
    peer.request(with(&long)).await.expect(200);
    let too_many = with(&"X: y\r\n".repeat(100));
    let too_long = with(&format!("X: y{}", &long[3..]));
    assert_all_refused(431, &[too_many.as_bytes(), too_long.as_bytes()]).await;
}

#[tokio::test]
async fn body_of_a_get_is_not_the_next_request() {
    let (server, address) = echo(config()).await;
    let hidden = get(POLLING);
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "CONNECT"] {
        let mut peer = Peer::connect(address).await;
        let length = hidden.len();
        let request = format!(
            "{method} /elsewhere HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{hidden}"
        );
        peer.send(request).await;
        let answers = String::from_utf8(peer.rest().await.to_vec()).expect("answers of UTF-8");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{method}: {answers}");
    }
    assert_eq!(server.len(), 0);
}

#[tokio::test]
async fn websocket_handshake_with_a_body_is_400() {
    let (server, address) = echo(config()).await;
    let request = peer::upgrade(WEBSOCKET).replacen("\r\n", "\r\nContent-Length: 6\r\n", 1);
    let mut peer = Peer::connect(address).await;
    peer.request(request).await.expect(400);
    peer::until(|| server.is_empty()).await;
}

/// Nothing behind a broken chunk is kept, though the poll would wait for long.
#[tokio::test]
async fn broken_chunk_behind_a_poll_that_waits_is_400_at_once() {
    let (_, address) = echo(config()).await;
    let (_, target) = session(address).await;
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n"
    );
    let answers = answers_to(address, request.as_bytes()).await;
    assert!(answers.starts_with("HTTP/1.1 400 "), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
}

#[tokio::test]
async fn endless_empty_lines_before_a_request_are_400() {
    let lines = "\r\n".repeat(50_000);
    assert_all_refused(400, &[lines.as_bytes()]).await;
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    // One at a time, in two halves each.
    for _ in 0..20 {
        peer.send("\r").await;
        peer::settle(address).await;
        peer.send("\n").await;
    }
    let answers = String::from_utf8(peer.rest().await.to_vec()).expect("answers of UTF-8");
    assert!(answers.starts_with("HTTP/1.1 400 "), "{answers}");
}

#[tokio::test]
async fn few_empty_lines_before_each_request_are_skipped() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    for _ in 0..20 {
        peer.send("\r\n\r\n").await;
        peer.get(POLLING).await.expect(200);
    }
}
