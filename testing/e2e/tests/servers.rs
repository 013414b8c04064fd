//! The servers that a client of ours is tried against, each driven by raw peers first: what fails
//! here is no fault of the client.

use core::time::Duration;
use e2e::{Certificate, Remote, javascript, python};
use peer::{Frame, Peer, Polling, Revision, request};
use serde_json::{Value, json};

/// All that run a real Engine.IO server, with the revision that they are asked for.
fn servers() -> Vec<(&'static str, Revision)> {
    let mut servers = vec![("engine.io-6", Revision::V4), ("engine.io-3", Revision::V3)];
    if python::install() {
        servers.push(("python-engineio", Revision::V4));
    }
    servers
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

#[tokio::test]
async fn session_is_told_from_its_handshake_to_its_end() {
    for (server, revision) in servers() {
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
}

#[tokio::test]
async fn text_and_binary_come_back_as_they_were() {
    for (server, revision) in servers() {
        let remote = Remote::start(json!({ "server": server })).await;
        let (mut websocket, _) = revision.open_websocket(remote.authority()).await;
        websocket.say("4é").await;
        assert_eq!(websocket.frame().await, Frame::text("4é"), "{server}");
        // revision 3 puts the type before the bytes
        let bytes: &[u8] = if revision == Revision::V3 { &[4, 1, 2] } else { &[1, 2] };
        websocket.say_binary(bytes).await;
        assert_eq!(websocket.frame().await, Frame::Binary(bytes.to_vec()), "{server}");
    }
}

#[tokio::test]
async fn options_reach_the_package() {
    for (server, revision) in servers() {
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
}

#[tokio::test]
async fn engine_io_6_speaks_revision_3_where_it_is_allowed() {
    let options = json!({ "allowEIO3": true });
    let remote = Remote::start(json!({ "server": "engine.io-6", "options": options })).await;
    Polling::open(remote.authority(), Revision::V3, "").await;
}

#[tokio::test]
async fn handshake_is_refused_in_each_server_s_way() {
    for (server, revision) in servers() {
        let spec = json!({ "server": server, "refuse": { "message": "no entry" } });
        let remote = Remote::start(spec).await;
        let refused = request(remote.authority(), "GET", &revision.target("polling"), "").await;
        let is_python = server == "python-engineio";
        assert_eq!(refused.status, if is_python { 401 } else { 403 });
        assert!(refused.text().contains("no entry"), "{server}: {}", refused.text());
        let refused = Peer::websocket(remote.authority(), &revision.target("websocket")).await;
        assert_eq!(refused.err(), Some(if is_python { 401 } else { 400 }), "{server}");
    }
}

#[tokio::test]
async fn burst_is_numbered() {
    for (server, revision) in servers() {
        let spec = json!({ "server": server, "behaviour": "burst", "count": 30 });
        let remote = Remote::start(spec).await;
        let (mut websocket, _) = revision.open_websocket(remote.authority()).await;
        websocket.say("4after").await;
        for number in 0..30 {
            assert_eq!(text(&mut websocket).await, format!("4{number}"), "{server}");
        }
        assert_eq!(text(&mut websocket).await, "4after", "{server}");
    }
}

#[tokio::test]
async fn messages_are_counted() {
    for (server, revision) in servers() {
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
}

#[tokio::test]
async fn session_ends_after_a_message_or_at_once() {
    for (server, revision) in servers() {
        for behaviour in ["close_after", "close_at_once"] {
            let mut remote =
                Remote::start(json!({ "server": server, "behaviour": behaviour })).await;
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
}

#[tokio::test]
async fn stopped_server_closes_its_sessions() {
    for (server, revision) in servers() {
        let remote = Remote::start(json!({ "server": server })).await;
        let (mut websocket, handshake) = revision.open_websocket(remote.authority()).await;
        let said = remote.stop().await;
        let names: Vec<_> = said.iter().map(|line| &line["event"]).collect();
        assert_eq!(names, ["open", "close"], "{server}");
        assert_eq!(said[1]["sid"], handshake["sid"]);
        while matches!(websocket.frame_or_end().await, Some(Frame::Text(_))) {}
    }
}

#[tokio::test]
async fn dropped_server_is_gone_at_once_even_when_paused() {
    for (server, revision) in servers() {
        let remote = Remote::start(json!({ "server": server })).await;
        let (mut websocket, _) = revision.open_websocket(remote.authority()).await;
        remote.pause();
        drop(remote);
        assert_eq!(websocket.frame_or_end().await, None, "{server}");
    }
}

#[tokio::test]
async fn requests_are_shown_when_asked_for() {
    for (server, revision) in servers() {
        let mut remote = Remote::start(json!({ "server": server, "requests": true })).await;
        let session = Polling::open(remote.authority(), revision, "").await;
        assert_eq!(remote.event("request").await["method"], "GET", "{server}");
        session.join().await;
        assert_eq!(remote.event("request").await["query"]["transport"], "websocket", "{server}");
    }
}

#[tokio::test]
async fn paused_server_answers_when_it_goes_on() {
    for (server, revision) in servers() {
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
}

#[tokio::test]
async fn official_client_trusts_the_certificate_it_is_given() {
    javascript::install();
    for (server, revision) in servers() {
        let mut remote = Remote::start_tls(json!({ "server": server })).await;
        assert!(remote.websocket_url().starts_with("wss://"));
        let client = if revision == Revision::V3 { 3 } else { 6 };
        let spec = json!({
            "client": client, "mode": "upgrade", "url": remote.url(), "groups": [["hello"]],
            "ca": Certificate::of_these_tests().pem,
        });
        let saw = javascript::run("echo.js", &spec).await;
        assert_eq!(saw["messages"], json!(["hello"]), "{server}");
        remote.event("upgrade").await;
    }
}
