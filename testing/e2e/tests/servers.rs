//! The servers that a client of ours is tried against, each driven by raw peers first: what fails
//! here is no fault of the client.

use core::time::Duration;
use e2e::{Certificate, Remote, javascript, needs, with_servers};
use peer::{Frame, Peer, Polling, Revision, request};
use serde_json::{Value, json};

with_servers! {
    [engine_io_6 engine_io_3 python_engineio]
    session_is_told_from_its_handshake_to_its_end
    text_and_binary_come_back_as_they_were
    options_reach_the_package
    handshake_is_refused_in_each_server_s_way
    burst_is_numbered
    messages_are_counted
    session_ends_after_a_message_or_at_once
    stopped_server_closes_its_sessions
    dropped_server_is_gone_at_once_even_when_paused
    requests_are_shown_when_asked_for
    paused_server_answers_when_it_goes_on
}

/// The next text on a WebSocket. A `6` is passed over: what python-engineio has put out for a poll
/// that doesn't wait comes after the upgrade.
async fn text(websocket: &mut Peer) -> String {
    loop {
        match websocket.frame().await {
            Frame::Text(packet) if packet == "6" => continue,
            Frame::Text(packet) => return packet,
            other @ (Frame::Binary(_) | Frame::Close(_)) => {
                panic!("{other:?} in the place of text")
            }
        }
    }
}

async fn session_is_told_from_its_handshake_to_its_end(server: &str, revision: Revision) {
    let mut remote = Remote::start(json!({ "server": server })).await;
    let session = Polling::open(remote.authority(), revision, "&token=a").await;
    let opened = remote.event("open").await;
    assert_eq!(opened["sid"], session.handshake["sid"], "{server}");
    assert_eq!(opened["transport"], "polling");
    assert_eq!(opened["query"]["token"], "a");

    let hello = revision.payload(&["4hello"]);
    session.post(&hello).await.expect(200);
    assert_eq!(session.get().await.expect(200).text(), hello);

    let mut websocket = session.join().await;
    for packet in ["2probe", "5", "4moved"] {
        websocket.say(packet).await;
    }
    for packet in ["3probe", "4moved"] {
        assert_eq!(text(&mut websocket).await, packet, "{server}");
    }
    assert_eq!(remote.event("upgrade").await["sid"], session.handshake["sid"]);
    drop(websocket);
    assert_eq!(remote.event("close").await["sid"], session.handshake["sid"]);
    assert_eq!(remote.stop().await, Vec::<Value>::new());
}

async fn text_and_binary_come_back_as_they_were(server: &str, revision: Revision) {
    let remote = Remote::start(json!({ "server": server })).await;
    let (mut websocket, _) = revision.open_websocket(remote.authority()).await;
    websocket.say("4é").await;
    assert_eq!(websocket.frame().await, Frame::text("4é"), "{server}");
    // revision 3 puts the type before the bytes
    let bytes: &[u8] = if revision == Revision::V3 { &[4, 1, 2] } else { &[1, 2] };
    websocket.say_binary(bytes).await;
    assert_eq!(websocket.frame().await, Frame::Binary(bytes.to_vec()), "{server}");
}

async fn options_reach_the_package(server: &str, revision: Revision) {
    let options = json!({
        "pingInterval": 7_000, "pingTimeout": 3_000, "maxHttpBufferSize": 5_000,
        "allowUpgrades": false, "cookie": "io", "path": "/elsewhere/",
    });
    let remote = Remote::start(json!({ "server": server, "options": options })).await;
    let target = revision.target("polling");
    request(remote.authority(), "GET", &target, "").await.expect(404);
    let target = target.replace("engine.io", "elsewhere");
    let opened = request(remote.authority(), "GET", &target, "").await.expect(200);
    let handshake = revision.open_packet(opened.text());
    assert_eq!(handshake["pingInterval"], 7_000, "{server}");
    assert_eq!(handshake["pingTimeout"], 3_000);
    assert_eq!(handshake["upgrades"], json!([]));
    if revision == Revision::V4 {
        assert_eq!(handshake["maxPayload"], 5_000);
    }
    let cookie = opened.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("io="), "{server}: {cookie}");
}

#[needs(node)]
#[tokio::test]
async fn engine_io_6_speaks_revision_3_where_it_is_allowed() {
    let options = json!({ "allowEIO3": true });
    let remote = Remote::start(json!({ "server": "engine.io-6", "options": options })).await;
    Polling::open(remote.authority(), Revision::V3, "").await;
}

async fn handshake_is_refused_in_each_server_s_way(server: &str, revision: Revision) {
    let spec = json!({ "server": server, "refuse": { "message": "no entry" } });
    let remote = Remote::start(spec).await;
    let refused = request(remote.authority(), "GET", &revision.target("polling"), "").await;
    let is_python = server == "python-engineio";
    assert_eq!(refused.status, if is_python { 401 } else { 403 });
    assert!(refused.text().contains("no entry"), "{server}: {}", refused.text());
    let refused = Peer::websocket(remote.authority(), &revision.target("websocket")).await;
    assert_eq!(refused.err(), Some(if is_python { 401 } else { 400 }), "{server}");
}

async fn burst_is_numbered(server: &str, revision: Revision) {
    let spec = json!({ "server": server, "behaviour": "burst", "count": 30 });
    let remote = Remote::start(spec).await;
    let (mut websocket, _) = revision.open_websocket(remote.authority()).await;
    websocket.say("4after").await;
    for number in 0..30 {
        assert_eq!(text(&mut websocket).await, format!("4{number}"), "{server}");
    }
    assert_eq!(text(&mut websocket).await, "4after", "{server}");
}

async fn messages_are_counted(server: &str, revision: Revision) {
    let remote = Remote::start(json!({ "server": server, "behaviour": "count" })).await;
    let (mut websocket, _) = revision.open_websocket(remote.authority()).await;
    for (packets, count, in_order) in
        [(["40", "41", "4done"], 2, true), (["42", "44", "4done"], 4, false)]
    {
        for packet in packets {
            websocket.say(packet).await;
        }
        let answer = text(&mut websocket).await;
        let counted: Value = serde_json::from_str(&answer[1..]).expect("JSON");
        assert_eq!(counted, json!({ "count": count, "in_order": in_order }), "{server}");
    }
}

async fn session_ends_after_a_message_or_at_once(server: &str, revision: Revision) {
    for behaviour in ["close_after", "close_at_once"] {
        let mut remote = Remote::start(json!({ "server": server, "behaviour": behaviour })).await;
        let (mut websocket, handshake) = revision.open_websocket(remote.authority()).await;
        if behaviour == "close_after" {
            websocket.say("4hello").await;
        }
        let ended = remote.event("close").await;
        assert_eq!(ended["sid"], handshake["sid"], "{server}, {behaviour}");
        // python-engineio says `1` and leaves the rest to the client
        let mut heard = websocket.frame_or_end().await;
        while matches!(&heard, Some(Frame::Text(packet)) if packet != "1") {
            heard = websocket.frame_or_end().await;
        }
    }
}

async fn stopped_server_closes_its_sessions(server: &str, revision: Revision) {
    let remote = Remote::start(json!({ "server": server })).await;
    let (mut websocket, handshake) = revision.open_websocket(remote.authority()).await;
    let said = remote.stop().await;
    let names: Vec<_> = said.iter().map(|line| &line["event"]).collect();
    assert_eq!(names, ["open", "close"], "{server}");
    assert_eq!(said[1]["sid"], handshake["sid"]);
    while matches!(websocket.frame_or_end().await, Some(Frame::Text(_))) {}
}

async fn dropped_server_is_gone_at_once_even_when_paused(server: &str, revision: Revision) {
    let remote = Remote::start(json!({ "server": server })).await;
    let (mut websocket, _) = revision.open_websocket(remote.authority()).await;
    remote.pause();
    drop(remote);
    assert_eq!(websocket.frame_or_end().await, None, "{server}");
}

async fn requests_are_shown_when_asked_for(server: &str, revision: Revision) {
    let mut remote = Remote::start(json!({ "server": server, "requests": true })).await;
    let session = Polling::open(remote.authority(), revision, "").await;
    assert_eq!(remote.event("request").await["method"], "GET", "{server}");
    session.join().await;
    assert_eq!(remote.event("request").await["query"]["transport"], "websocket", "{server}");
}

async fn paused_server_answers_when_it_goes_on(server: &str, revision: Revision) {
    let remote = Remote::start(json!({ "server": server })).await;
    remote.pause();
    let authority = remote.authority().to_owned();
    let mut asked = tokio::spawn(async move {
        request(&authority, "GET", &revision.target("polling"), "").await.expect(200);
    });
    let waited = tokio::time::timeout(Duration::from_millis(300), &mut asked).await;
    assert!(waited.is_err(), "{server} answered");
    remote.resume();
    asked.await.expect("an answer");
}

#[needs(node)]
#[tokio::test]
async fn official_clients_trust_the_certificate_of_the_official_servers() {
    official_client_trusts_the_certificate_of("engine.io-6", 6).await;
    official_client_trusts_the_certificate_of("engine.io-3", 3).await;
}

#[needs(node, python)]
#[tokio::test]
async fn official_client_trusts_the_certificate_of_python_engineio() {
    official_client_trusts_the_certificate_of("python-engineio", 6).await;
}

async fn official_client_trusts_the_certificate_of(server: &str, client: u8) {
    javascript::install();
    let mut remote = Remote::start_tls(json!({ "server": server })).await;
    assert!(remote.websocket_url().starts_with("wss://"));
    let spec = json!({
        "client": client, "mode": "upgrade", "url": remote.url(), "groups": [["hello"]],
        "ca": Certificate::of_these_tests().pem,
    });
    let saw = javascript::run("echo.js", &spec).await;
    assert_eq!(saw["messages"], json!(["hello"]), "{server}");
    remote.event("upgrade").await;
}
