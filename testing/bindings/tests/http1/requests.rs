//! What HTTP lets a client do with a connection.

use peer::{Peer, get, post, session, until};

use crate::suite::{POLLING, config, echo};

#[tokio::test]
async fn requests_in_one_piece_are_answered_in_order() {
    let (_, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    let all = [post(&target, "4one"), get(&target), post(&target, "4two"), get(&target)];
    peer.send(all.concat()).await;
    for expected in ["ok", "4one", "ok", "4two"] {
        assert_eq!(peer.answer().await.expect(200).text(), expected);
    }
}

#[tokio::test]
async fn request_that_comes_byte_by_byte_is_one() {
    let (_, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    for byte in post(&target, "4hello").bytes() {
        peer.send([byte]).await;
        tokio::task::yield_now().await;
    }
    peer.answer().await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn requests_behind_a_waiting_poll_wait_with_it() {
    let (server, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    peer.send(format!("{}{}", get(&target), get(POLLING))).await;
    Peer::connect(address).await.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.answer().await.expect(200).text(), "4hello");
    peer.answer().await.expect(200).sid();
    assert_eq!(server.len(), 2);
}

#[tokio::test]
async fn empty_lines_before_a_request_are_skipped() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.request(format!("\r\n\r\n{}", get(POLLING))).await.expect(200).sid();
}

#[tokio::test]
async fn other_path_is_404_before_its_body_has_come() {
    let (_, address) = echo(config()).await;
    let expecting = "Expect: 100-continue\r\n";
    for headers in ["", expecting] {
        let mut peer = Peer::connect(address).await;
        let head = format!("POST /other HTTP/1.1\r\nHost: test\r\n{headers}");
        let answer = peer.request(format!("{head}Content-Length: 100000\r\n\r\n")).await;
        assert_eq!(answer.expect(404).header("connection"), Some("close"));
    }
}

#[tokio::test]
async fn answer_has_one_date() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    peer.send(get(POLLING).replacen("\r\n", "\r\nConnection: close\r\n", 1)).await;
    let answer = String::from_utf8(peer.rest().await.to_vec()).expect("UTF-8");
    assert_eq!(answer.matches("\r\ndate: ").count(), 1, "{answer}");
}

#[tokio::test]
async fn connection_ends_when_the_client_says_so_or_speaks_http_1_0() {
    let (server, address) = echo(config()).await;
    let close = get(POLLING).replacen("\r\n", "\r\nConnection: keep-alive, Close\r\n", 1);
    let old = format!("GET {POLLING} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    for request in [close, old] {
        let mut peer = Peer::connect(address).await;
        let answer = peer.request(request).await.expect(200);
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(peer.rest().await.len(), 0);
    }
    until(|| server.connections() == 0).await;
    assert_eq!(server.len(), 2);
}

#[tokio::test]
async fn post_that_asks_first_is_refused_before_it_sends_too_much() {
    let (_, address) = echo(config().max_payload(1000)).await;
    let (_, target) = session(address).await;
    let request = post(&target, &"4".repeat(1001));
    let request = request.replacen("\r\n", "\r\nExpect: 100-continue\r\n", 1);
    let (head, _) = request.split_once("\r\n\r\n").expect("a head");
    let mut peer = Peer::connect(address).await;
    let answer = peer.request(format!("{head}\r\n\r\n")).await.expect(413);
    assert_eq!(answer.header("connection"), Some("close"));
}
