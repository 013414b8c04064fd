//! This project's client against servers that nobody here wrote, and against its own.

use crate::binding::{Client, ClientOptions, connect};
use core::time::Duration;
use e2e::{Binding, Certificate, Options, Remote, Server, needs, with_servers, within};
use engineio_tokio::{
    ClientCloseReason, ConnectError, Message, Revision, RevisionChoice, SendError, Transport,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const WAYS: [&[Transport]; 3] =
    [&[Transport::Polling], &[Transport::WebSocket], &[Transport::Polling, Transport::WebSocket]];

with_servers! {
    [engine_io_6 engine_io_3 python_engineio]
    messages_of_every_kind_come_back_and_the_servers_hear_the_end
    thousand_messages_each_way_keep_their_order_across_the_upgrade
    hundred_messages_in_one_go_arrive_over_polling_alone
    end_by_the_server_is_heard
    heartbeats_keep_the_session_and_their_absence_ends_it
    refusal_by_the_application_has_its_status_and_body
    another_path_is_refused
    server_of_the_other_revision_is_recognised
    messages_come_back_over_tls_if_the_certificate_is_trusted
}

// Revision 3 has no word for the limit.
with_servers! {
    [engine_io_6 python_engineio]
    message_over_the_servers_limit_is_refused_here
}

with_servers! {
    [engine_io_6 engine_io_3]
    messages_come_back_compressed
}

fn client(remote: &Remote, revision: Revision) -> ClientOptions {
    ClientOptions::new(&remote.url()).revision(RevisionChoice::Only(revision))
}

async fn connected(client: ClientOptions) -> Client {
    within("a session", connect(client)).await.expect("a session")
}

/// Why there is no session.
async fn setback(client: ClientOptions) -> ClientCloseReason {
    match within("a setback", connect(client)).await {
        Err(ConnectError::Closed { reason, .. }) => reason,
        other => panic!("{other:?} in the place of a setback"),
    }
}

/// python-engineio on aiohttp takes what has arrived of a POST for all of it
/// (`request.content.read` in `async_drivers/aiohttp.py`), so what is sent to it is short: together
/// no more than a record of TLS holds, which is 16 KiB.
fn messages(server: &str) -> Vec<Message> {
    let long = if server == "python-engineio" { 4000 } else { 700_000 };
    let bytes: Vec<u8> = (0..=255).cycle().take(long).collect();
    let long = "é".repeat(long / 2);
    vec!["text".into(), "é€😀 end".into(), vec![0, 30, 195, 255].into(), long.into(), bytes.into()]
}

async fn messages_come_back(mut client: Client, server: &str, how: &str) {
    for message in messages(server) {
        client.send(message).await.expect("an open session");
    }
    for message in messages(server) {
        let heard = within("an echo", client.recv()).await.expect("an open session");
        // Not with `assert_eq`: some are long.
        let (got, sent) = (heard.len(), message.len());
        assert!(heard == message, "{server} {how}: {got} bytes, and {sent} were sent");
    }
    client.close();
    assert_eq!(
        within("the end", client.closed()).await,
        ClientCloseReason::Application,
        "{server}"
    );
}

async fn messages_of_every_kind_come_back_and_the_servers_hear_the_end(
    server: &str,
    revision: Revision,
) {
    let mut remote = Remote::start(json!({ "server": server })).await;
    for way in WAYS {
        let client = connected(client(&remote, revision).transports(way)).await;
        let sid = client.sid().expect("an open session");
        messages_come_back(client, server, &format!("{way:?}")).await;
        assert_eq!(remote.event("close").await["sid"], sid.as_str(), "{server} {way:?}");
    }
}

async fn messages_come_back_compressed(server: &str, revision: Revision) {
    let options = json!({ "perMessageDeflate": { "threshold": 0 } });
    let remote = Remote::start(json!({ "server": server, "options": options })).await;
    for way in WAYS {
        let client = client(&remote, revision)
            .transports(way)
            .config(|it| it.websocket_compression(true).websocket_compression_threshold(0));
        let client = connected(client).await;
        messages_come_back(client, server, &format!("compressed {way:?}")).await;
    }
}

#[tokio::test]
async fn messages_of_every_kind_come_back_from_this_projects_servers() {
    for binding in Binding::ALL {
        let server = Server::echo(binding, Options::PATIENT);
        for revision in [Revision::V3, Revision::V4] {
            for way in WAYS {
                let client = ClientOptions::new(&server.url()).transports(way);
                let client = connected(client.revision(RevisionChoice::Only(revision))).await;
                let how = format!("{binding:?} {revision:?} {way:?}");
                messages_come_back(client, "ours", &how).await;
            }
        }
    }
}

async fn thousand_messages_each_way_keep_their_order_across_the_upgrade(
    server: &str,
    revision: Revision,
) {
    let spec = json!({ "server": server, "behaviour": "burst", "count": 1000 });
    let mut remote = Remote::start(spec).await;
    let mut client = connected(client(&remote, revision)).await;
    let sender = client.sender();
    let sending = tokio::spawn(async move {
        for number in 1000..2000 {
            sender.send(number.to_string()).await.expect("an open session");
        }
    });
    for number in 0..2000 {
        let heard = within("a message", client.recv()).await;
        assert_eq!(heard, Some(Message::from(number.to_string())), "{server}");
    }
    sending.await.expect("no panic");
    remote.event("upgrade").await;
    assert_eq!(client.transport(), Some(Transport::WebSocket), "{server}");
}

async fn hundred_messages_in_one_go_arrive_over_polling_alone(server: &str, revision: Revision) {
    let remote = Remote::start(json!({ "server": server, "behaviour": "count" })).await;
    let client = client(&remote, revision).transports([Transport::Polling]);
    let mut client = connected(client).await;
    for number in 0..100 {
        client.try_send(number.to_string()).expect("room");
    }
    client.try_send("done").expect("room");
    let heard = within("the count", client.recv()).await.expect("an open session");
    let heard: Value = serde_json::from_slice(heard.as_bytes()).expect("JSON");
    assert_eq!(heard, json!({ "count": 100, "in_order": true }), "{server}");
}

async fn end_by_the_server_is_heard(server: &str, revision: Revision) {
    for behaviour in ["close_after", "close_at_once"] {
        let remote = Remote::start(json!({ "server": server, "behaviour": behaviour })).await;
        for way in WAYS {
            let client = client(&remote, revision).transports(way);
            let reason = match within("an answer", connect(client)).await {
                Ok(client) => {
                    let _ = client.send("the first").await;
                    within("the end", client.closed()).await
                }
                Err(ConnectError::Closed { reason, .. }) => reason,
                Err(error) => panic!("{error:?}"),
            };
            assert!(
                // python-engineio ends the connection, and forgets the session at once.
                matches!(
                    reason,
                    ClientCloseReason::Server(_)
                        | ClientCloseReason::TransportLost
                        | ClientCloseReason::Refused(_)
                ),
                "{server} {behaviour} {way:?}: {reason:?}"
            );
        }
    }
}

async fn heartbeats_keep_the_session_and_their_absence_ends_it(
    server: &'static str,
    revision: Revision,
) {
    let mut all = JoinSet::new();
    for way in WAYS {
        all.spawn(heartbeats(server, revision, way));
    }
    while let Some(ended) = all.join_next().await {
        ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    }
}

async fn heartbeats(server: &'static str, revision: Revision, way: &'static [Transport]) {
    // python-engineio knows whole seconds.
    let options = json!({ "pingInterval": 1000, "pingTimeout": 2000 });
    let remote = Remote::start(json!({ "server": server, "options": options })).await;
    let mut client = connected(client(&remote, revision).transports(way)).await;
    tokio::time::sleep(Duration::from_millis(4500)).await;
    client.send("still here").await.expect("an open session");
    let heard = within("an echo", client.recv()).await;
    assert_eq!(heard, Some("still here".into()), "{server} {way:?}");
    remote.pause();
    let reason = within("the end", client.closed()).await;
    assert_eq!(reason, ClientCloseReason::PingTimeout, "{server} {way:?}");
    remote.resume();
}

async fn refusal_by_the_application_has_its_status_and_body(server: &str, revision: Revision) {
    let refuse = json!({ "message": "who are you?" });
    let remote = Remote::start(json!({ "server": server, "refuse": refuse })).await;
    for way in WAYS {
        let reason = setback(client(&remote, revision).transports(way)).await;
        let ClientCloseReason::Refused(refused) = reason else {
            panic!("{server} {way:?}: {reason:?}")
        };
        assert!((400..500).contains(&refused.status), "{server} {way:?}: {refused:?}");
        let body = String::from_utf8_lossy(&refused.body);
        assert!(body.contains("who are you?"), "{server} {way:?}: {body}");
    }
}

async fn another_path_is_refused(server: &str, revision: Revision) {
    let remote = Remote::start(json!({ "server": server })).await;
    let client = client(&remote, revision).path("/elsewhere/").transports([Transport::Polling]);
    let reason = setback(client).await;
    let ClientCloseReason::Refused(refused) = reason else { panic!("{server}: {reason:?}") };
    assert_eq!(refused.status, 404, "{server}");
}

async fn message_over_the_servers_limit_is_refused_here(server: &str, revision: Revision) {
    let options = json!({ "maxHttpBufferSize": 1000 });
    let remote = Remote::start(json!({ "server": server, "options": options })).await;
    for way in WAYS {
        let mut client = connected(client(&remote, revision).transports(way)).await;
        let refused = client.try_send("x".repeat(1000));
        assert!(
            matches!(refused, Err(SendError::TooLarge(_, 1000))),
            "{server} {way:?}: {refused:?}"
        );
        // The WebSockets of python-engineio close already at the limit itself.
        client.try_send("x".repeat(998)).expect("room");
        let heard = within("an echo", client.recv()).await;
        assert_eq!(heard.map(|it| it.len()), Some(998), "{server} {way:?}");
    }
}

#[needs(node)]
#[tokio::test]
async fn cookies_and_headers_are_on_the_requests_of_both_transports() {
    let options = json!({ "cookie": { "name": "io", "path": "/" } });
    let spec = json!({ "server": "engine.io-6", "options": options, "requests": true });
    let mut remote = Remote::start(spec).await;
    let client = client(&remote, Revision::V4).header("x-test", "yes").query("token", "a&b");
    let client = connected(client).await;
    let cookie = format!("io={}", client.sid().expect("an open session").as_str());
    let handshake = remote.event("request").await;
    assert_eq!(handshake["headers"]["cookie"], Value::Null);
    remote.event("open").await;
    for _ in 0..2 {
        let request = remote.event("request").await;
        assert_eq!(request["headers"]["cookie"], cookie.as_str(), "{request}");
        assert_eq!(request["headers"]["x-test"], "yes", "{request}");
        assert_eq!(request["query"]["token"], "a&b", "{request}");
    }
}

#[needs(node)]
#[tokio::test]
async fn server_of_revision_3_is_recognised_and_auto_follows_it() {
    let old = Remote::start(json!({ "server": "engine.io-3" })).await;
    let polling = [Transport::Polling];
    let reason = setback(client(&old, Revision::V4).transports(polling)).await;
    assert_eq!(reason, ClientCloseReason::WrongRevision(Some(Revision::V3)));
    let auto = client(&old, Revision::V4).revision(RevisionChoice::Auto);
    let mut followed = connected(auto).await;
    assert_eq!(followed.revision(), Some(Revision::V3));
    followed.send("hello").await.expect("an open session");
    assert_eq!(within("an echo", followed.recv()).await, Some("hello".into()));
}

async fn server_of_the_other_revision_is_recognised(server: &str, revision: Revision) {
    let remote = Remote::start(json!({ "server": server })).await;
    let other = if revision == Revision::V3 { Revision::V4 } else { Revision::V3 };
    let reason = setback(client(&remote, other)).await;
    assert!(matches!(reason, ClientCloseReason::WrongRevision(_)), "{server}: {reason:?}");
}

async fn messages_come_back_over_tls_if_the_certificate_is_trusted(
    server: &str,
    revision: Revision,
) {
    let certificate = std::fs::read(Certificate::of_these_tests().file()).expect("a certificate");
    let remote = Remote::start_tls(json!({ "server": server })).await;
    for way in WAYS {
        let trusting = client(&remote, revision).root_certificates(certificate.clone());
        let trusted = connected(trusting.transports(way)).await;
        messages_come_back(trusted, server, &format!("{way:?} over TLS")).await;
        let careless = client(&remote, revision).danger_accept_any_certificate();
        drop(connected(careless.transports(way)).await);
        let error = within("a setback", connect(client(&remote, revision).transports(way)));
        match error.await {
            Err(ConnectError::Closed {
                reason: ClientCloseReason::Unreachable,
                source: Some(source),
            }) => {
                let said = format!("{source:?}");
                assert!(said.to_lowercase().contains("cert"), "{server} {way:?}: {said}");
            }
            other => panic!("{server} {way:?}: {other:?}"),
        }
    }
}
