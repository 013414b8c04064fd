//! The servers that do something wrong, each seen to do just that.

use core::time::Duration;
use e2e::{Remote, needs, within};
use peer::{Frame, Peer, Polling, Revision, request};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn hostile(behaviour: &str) -> Remote {
    Remote::start(json!({ "server": "hostile", "behaviour": behaviour })).await
}

/// Asks for a handshake and leaves the answer to be read.
async fn ask(remote: &Remote) -> TcpStream {
    let mut stream = TcpStream::connect(remote.authority()).await.expect("the server listens");
    let target = Revision::V4.target("polling");
    let request = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", remote.authority());
    stream.write_all(request.as_bytes()).await.expect("the server reads the request");
    stream
}

async fn assert_polling_echoes(session: &Polling) {
    session.post("4hello").await.expect(200);
    let heard = session.get().await.expect(200);
    assert_eq!(heard.text(), "4hello");
}

#[needs(node)]
#[tokio::test]
async fn answers_are_no_handshake() {
    for (behaviour, status, body) in [
        ("html", 200, "<html>"),
        ("html_404", 404, "<html>"),
        ("redirect", 302, ""),
        ("garbage_open", 200, "0{not json"),
        ("open_without_sid", 200, "0{\"upgrades\""),
        ("huge_length", 200, "99999999999:0{"),
    ] {
        let mut remote = hostile(behaviour).await;
        let target = Revision::V4.target("polling");
        let answer = request(remote.authority(), "GET", &target, "").await.expect(status);
        assert!(answer.text().contains(body), "{behaviour}: {}", answer.text());
        assert_eq!(remote.event("request").await["url"], target);
        remote.stop().await;
    }
}

#[needs(node)]
#[tokio::test]
async fn answer_has_the_status_of_the_spec() {
    let spec = json!({
        "server": "hostile", "behaviour": "status", "status": 503, "message": "not now",
    });
    let remote = Remote::start(spec).await;
    let answer = request(remote.authority(), "GET", "/engine.io/", "").await.expect(503);
    assert_eq!(answer.text(), "not now");
    assert_eq!(Peer::websocket(remote.authority(), "/engine.io/").await.err(), Some(503));
}

#[needs(node)]
#[tokio::test]
async fn length_before_bytes_is_huge() {
    let remote = hostile("huge_binary_length").await;
    let answer = request(remote.authority(), "GET", &Revision::V3.target("polling"), "").await;
    assert_eq!(answer.body[..13], [0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 255]);
}

#[needs(node)]
#[tokio::test]
async fn connection_ends_before_the_answer_does() {
    let mut answer = Vec::new();
    let mut stream = ask(&hostile("cut").await).await;
    let read = within("a reset", stream.read_to_end(&mut answer)).await;
    assert!(read.is_err() && answer.is_empty(), "{answer:?}");

    let remote = hostile("close_mid_handshake").await;
    let read = within("the end", ask(&remote).await.read_to_end(&mut answer)).await;
    read.expect("an end without a reset");
    let answer = String::from_utf8(answer).expect("text");
    assert!(answer.contains("0{\"sid\"") && !answer.contains("maxPayload"), "{answer}");
}

#[needs(node)]
#[tokio::test]
async fn answer_never_comes() {
    let remote = hostile("no_answer").await;
    let mut stream = ask(&remote).await;
    let read = tokio::time::timeout(Duration::from_millis(300), stream.read_u8()).await;
    assert!(read.is_err(), "{read:?}");
}

#[needs(node)]
#[tokio::test]
async fn body_never_ends() {
    let mut remote = hostile("endless_body").await;
    let mut stream = ask(&remote).await;
    let mut some = vec![0; 20_000];
    within("20 kB", stream.read_exact(&mut some)).await.expect("20 kB");
    drop(stream);
    let sent = remote.event("gone").await["sent"].as_u64();
    assert!(sent.is_some_and(|sent| sent >= 20_000), "{sent:?}");
}

#[needs(node)]
#[tokio::test]
async fn session_begins_with_a_packet_that_no_server_sends() {
    for (behaviour, packet) in
        [("second_open", "0{"), ("upgrade_packet", "5"), ("wrong_heartbeat", "3")]
    {
        let remote = hostile(behaviour).await;
        let session = Polling::open(remote.authority(), Revision::V4, "").await;
        let polled = session.get().await.expect(200);
        assert!(polled.text().starts_with(packet), "{behaviour}: {}", polled.text());
        let (mut websocket, _) = Revision::V4.open_websocket(remote.authority()).await;
        let heard = websocket.frame().await;
        let is_packet = matches!(&heard, Frame::Text(text) if text.starts_with(packet));
        assert!(is_packet, "{behaviour}: {heard:?}");
    }
}

#[needs(node)]
#[tokio::test]
async fn noop_begins_the_answer_to_each_poll() {
    for (revision, heard) in [(Revision::V4, "6\u{1e}4hello"), (Revision::V3, "1:66:4hello")] {
        let remote = hostile("noop_everywhere").await;
        let session = Polling::open(remote.authority(), revision, "").await;
        session.post(&revision.payload(&["4hello"])).await.expect(200);
        assert_eq!(session.get().await.expect(200).text(), heard);
    }
}

#[needs(node)]
#[tokio::test]
async fn polling_goes_on_where_the_websocket_leads_nowhere() {
    for (behaviour, status) in [("probe_refused", 403), ("html_on_websocket", 200)] {
        let remote = hostile(behaviour).await;
        let session = Polling::open(remote.authority(), Revision::V4, "").await;
        assert_eq!(session.handshake["upgrades"], json!(["websocket"]));
        let refused = Peer::websocket(remote.authority(), &session.websocket_target()).await;
        assert_eq!(refused.err(), Some(status), "{behaviour}");
        assert_polling_echoes(&session).await;
    }
}

#[needs(node)]
#[tokio::test]
async fn probe_has_no_answer_and_polling_goes_on() {
    let mut remote = hostile("silent_probe").await;
    let session = Polling::open(remote.authority(), Revision::V4, "").await;
    let mut websocket = session.join().await;
    websocket.say("2probe").await;
    assert_polling_echoes(&session).await;
    // the handshake's connection, then those of the POST and of the poll
    for _ in 0..3 {
        remote.event("gone").await;
    }
    let early = tokio::time::timeout(Duration::from_millis(300), websocket.frame()).await;
    assert!(early.is_err(), "{early:?}");
    drop(websocket);
    assert_ne!(remote.event("gone").await["sent"], Value::Null);
}
