//! An application that doesn't read for 10 s, while its clients go on sending: none of them is
//! disconnected and nothing is lost.
//!
//! The heartbeat is short enough that two would be missed, and the inbox so small that most of what
//! is sent has to wait outside: in the client, in the network, and in a POST without an answer.

use crate::binding::{Local, Socket};
use core::time::Duration;
use e2e::{javascript, python, within};
use engineio_tokio::{Message, ServerCloseReason, ServerConfig};
use serde_json::json;
use tokio::task::JoinSet;

const SLEEP: Duration = Duration::from_secs(10);
/// What a client sends, one each 100 ms: it goes on after the sleep.
const COUNT: usize = 110;

#[tokio::test]
async fn application_that_sleeps_between_two_messages_disconnects_nobody() {
    let config = ServerConfig::builder()
        .ping_interval(Duration::from_secs(1))
        .ping_timeout(Duration::from_secs(3))
        .inbox_high_water(1_000);
    let Some(local) = Local::start(config).await else { return };
    javascript::install();
    let has_python = python::install();
    let mut clients = JoinSet::new();
    for mode in ["polling", "websocket", "upgrade"] {
        for client in [json!(1), json!(3), json!(6), json!("Client"), json!("AsyncClient")] {
            if client.is_string() && !has_python {
                continue;
            }
            let name = format!("{client} {mode}");
            let url = local.url();
            clients.spawn(async move {
                let spec = json!({
                    "client": client, "mode": mode, "url": url, "name": name, "count": COUNT, "pause": 100,
                });
                if client.is_string() {
                    python::run("steady.py", &spec).await
                } else {
                    javascript::run("steady.js", &spec).await
                }
            });
        }
    }
    let mut sessions = JoinSet::new();
    for _ in 0..clients.len() {
        sessions.spawn(sleep_between_two(local.accept().await));
    }
    while let Some(ended) = sessions.join_next().await {
        ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    }
    while let Some(ended) = clients.join_next().await {
        let saw = ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        assert_eq!(saw["heard"], "all here");
    }
}

async fn sleep_between_two(mut socket: Socket) {
    let name = match within("the name of a client", socket.recv()).await {
        Some(Message::Text(name)) => name,
        other => panic!("{other:?} in the place of a name"),
    };
    tokio::time::sleep(SLEEP).await;
    for number in 0..COUNT {
        let heard = within(&name, socket.recv()).await;
        let reason = socket.close_reason();
        assert_eq!(heard, Some(Message::from(number.to_string())), "{name}, closed: {reason:?}");
    }
    socket.send("all here").await.expect("an open session");
    let reason = within(&name, socket.closed()).await;
    assert!(matches!(reason, ServerCloseReason::Peer(_)), "{name}: {reason:?}");
}
