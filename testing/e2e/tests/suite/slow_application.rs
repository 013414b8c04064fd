//! An application that doesn't read for 10 s, while its clients go on sending: none of them is
//! disconnected and nothing is lost.
//!
//! The heartbeat is short enough that two would be missed, and the inbox so small that most of what
//! is sent has to wait outside: in the client, in the network, and in a POST without an answer.

use crate::binding::{Local, Socket};
use core::time::Duration;
use e2e::{javascript, needs, python, within};
use engineio_tokio::{Message, ServerCloseReason, ServerConfig};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const SLEEP: Duration = Duration::from_secs(10);
/// What a client sends, one each 100 ms: it goes on after the sleep.
const COUNT: usize = 110;

#[needs(node)]
#[tokio::test]
async fn application_that_sleeps_between_two_messages_disconnects_no_javascript_client() {
    javascript::install();
    sleep_while_they_send(&[json!(1), json!(3), json!(6)]).await;
}

#[needs(python)]
#[tokio::test]
async fn application_that_sleeps_between_two_messages_disconnects_no_python_client() {
    python::install();
    sleep_while_they_send(&[json!("Client"), json!("AsyncClient")]).await;
}

async fn sleep_while_they_send(clients: &[Value]) {
    let config = ServerConfig::builder()
        .ping_interval(Duration::from_secs(1))
        .ping_timeout(Duration::from_secs(3))
        .inbox_high_water(1_000);
    let Some(local) = Local::start(config).await else { return };
    let mut running = JoinSet::new();
    for mode in ["polling", "websocket", "upgrade"] {
        for client in clients {
            let spec = json!({
                "client": client, "mode": mode, "url": local.url(), "name": format!("{client} {mode}"),
                "count": COUNT, "pause": 100,
            });
            let is_python = client.is_string();
            running.spawn(async move {
                if is_python {
                    python::run("steady.py", &spec).await
                } else {
                    javascript::run("steady.js", &spec).await
                }
            });
        }
    }
    let mut sessions = JoinSet::new();
    for _ in 0..running.len() {
        sessions.spawn(sleep_between_two(local.accept().await));
    }
    while let Some(ended) = sessions.join_next().await {
        ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    }
    while let Some(ended) = running.join_next().await {
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
