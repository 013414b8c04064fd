//! What clients send that others wrote, where it differs from the JavaScript client's.

use peer::{Frame, Peer, get, open, session, upgrade};

use crate::engineio::Revisions;
use crate::suite::{POLLING, WEBSOCKET, config, echo};

/// As `Base64.encode(.., Base64.DEFAULT)` of Android has it: 76 characters a line.
const LINES: &str =
    "bAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4\nOTo7\n";

/// The same as this side writes it.
const LINE: &str =
    "bAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7";

#[tokio::test]
async fn base64_in_lines_is_a_message_between_others() {
    let (_, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    let posted = peer.post(&target, &format!("4one\u{1e}{LINES}\u{1e}4two")).await.expect(200);
    assert_eq!(posted.text(), "ok");
    // An application that is slow for a moment has its first answers polled alone.
    let mut polled = Vec::new();
    while polled.len() < 3 {
        let payload = peer.get(&target).await.expect(200);
        polled.extend(payload.text().split('\u{1e}').map(str::to_owned));
    }
    assert_eq!(polled, ["4one", LINE, "4two"]);
}

#[tokio::test]
async fn base64_in_lines_of_revision_3_has_the_breaks_in_its_length() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    let target = POLLING.replace("EIO=4", "EIO=3") + "&b64=1";
    let opened = peer.get(&target).await.expect(200);
    let (_, packet) = opened.text().split_once(':').expect("a length");
    let target = format!("{target}&sid={}", open(packet));
    let lines = LINES.replacen('b', "b4", 1).replace('\n', "\r\n");
    let line = LINE.replacen('b', "b4", 1);
    let posted = peer.post(&target, &format!("{}:{lines}2:4a", lines.len())).await.expect(200);
    assert_eq!(posted.text(), "ok");
    let mut polled = String::new();
    while !polled.ends_with("2:4a") {
        polled += peer.get(&target).await.expect(200).text();
    }
    assert_eq!(polled, format!("{}:{line}2:4a", line.len()));
}

/// Swift clients up to 15.2.
#[tokio::test]
async fn client_that_names_no_revision_speaks_revision_3() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    for b64 in ["", "&b64=1"] {
        let target = POLLING.replace("EIO=4&", "") + b64;
        let opened = peer.get(&target).await.expect(200);
        let (_, packet) = opened.text().split_once(':').expect("a length");
        let target = format!("{target}&sid={}", open(packet));
        for (said, heard) in [("1:2", "1:3"), ("6:4hello", "6:4hello")] {
            assert_eq!(peer.post(&target, said).await.expect(200).text(), "ok");
            assert_eq!(peer.get(&target).await.expect(200).text(), heard);
        }
    }
    peer.upgrade(&WEBSOCKET.replace("EIO=4&", "")).await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(packet) if packet.starts_with('0')));
    peer.say("2").await;
    assert_eq!(peer.frame().await, Frame::text("3"));
}

#[tokio::test]
async fn client_that_names_no_revision_is_refused_where_revision_3_is_off() {
    let (_, address) = echo(config().revisions(Revisions::V4)).await;
    let mut peer = Peer::connect(address).await;
    let refused = peer.get(&POLLING.replace("EIO=4&", "")).await.expect(400);
    assert_eq!(refused.text(), r#"{"code":5,"message":"Unsupported protocol version"}"#);
    peer.upgrade(&WEBSOCKET.replace("EIO=4&", "")).await.expect(400);
}

/// As nginx passes it on without `proxy_http_version 1.1`, with the headers that its guides name and
/// without them.
#[tokio::test]
async fn websocket_over_http_1_0_is_refused_with_the_remedy() {
    let (_, address) = echo(config()).await;
    for request in [upgrade(WEBSOCKET), get(WEBSOCKET)] {
        let request = request.replacen("HTTP/1.1", "HTTP/1.0", 1);
        let refused = Peer::connect(address).await.request(request).await.expect(400);
        assert!(refused.text().starts_with(r#"{"code":3,"message":"Bad request: "#), "{refused:?}");
        assert!(refused.text().contains("proxy_http_version 1.1"), "{refused:?}");
    }
    // Polling works there.
    let request = get(POLLING).replacen("HTTP/1.1", "HTTP/1.0", 1);
    Peer::connect(address).await.request(request).await.expect(200).sid();
}
