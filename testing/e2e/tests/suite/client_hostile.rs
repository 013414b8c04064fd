//! This project's client against servers that do something wrong: it says what, and what was good
//! before is delivered.

use crate::binding::{ClientOptions, connect};
use core::time::Duration;
use e2e::{Remote, needs, within};
use engineio_tokio::{
    ClientCloseReason, ConnectError, Revision, RevisionChoice, Transport, Violation,
};
use serde_json::json;

async fn hostile(behaviour: &str) -> Remote {
    Remote::start(json!({ "server": "hostile", "behaviour": behaviour })).await
}

fn client(remote: &Remote) -> ClientOptions {
    ClientOptions::new(&remote.url()).transports([Transport::Polling])
}

async fn setback(client: ClientOptions) -> ClientCloseReason {
    match within("a setback", connect(client)).await {
        Ok(client) => within("the end", client.closed()).await,
        Err(ConnectError::Closed { reason, .. }) => reason,
        Err(error) => panic!("{error:?}"),
    }
}

#[needs(node)]
#[tokio::test]
async fn what_is_no_engine_io_is_a_violation() {
    for behaviour in [
        "html",
        "garbage_open",
        "open_without_sid",
        "huge_length",
        "second_open",
        "upgrade_packet",
        "wrong_heartbeat",
    ] {
        let remote = hostile(behaviour).await;
        let reason = setback(client(&remote)).await;
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{behaviour}: {reason:?}");
    }
}

#[needs(node)]
#[tokio::test]
async fn huge_length_is_no_reason_to_reserve_memory_in_revision_3_either() {
    let remote = hostile("huge_length").await;
    let reason = setback(client(&remote).revision(RevisionChoice::Only(Revision::V3))).await;
    assert!(matches!(reason, ClientCloseReason::Violation(_)), "{reason:?}");
}

#[needs(node)]
#[tokio::test]
async fn other_statuses_are_refusals() {
    for (behaviour, status) in [("html_404", 404), ("redirect", 302)] {
        let remote = hostile(behaviour).await;
        let reason = setback(client(&remote)).await;
        let ClientCloseReason::Refused(refused) = reason else { panic!("{behaviour}: {reason:?}") };
        assert_eq!(refused.status, status);
    }
}

#[needs(node)]
#[tokio::test]
async fn broken_connections_are_unreachable_servers() {
    for behaviour in ["cut", "close_mid_handshake"] {
        let remote = hostile(behaviour).await;
        assert_eq!(setback(client(&remote)).await, ClientCloseReason::Unreachable, "{behaviour}");
    }
}

#[needs(node)]
#[tokio::test]
async fn endless_body_is_left_at_the_limit() {
    let mut remote = hostile("endless_body").await;
    let client = client(&remote).config(|config| config.max_payload(100_000));
    let reason = setback(client).await;
    assert_eq!(reason, ClientCloseReason::Violation(Violation::TooLarge));
    let gone = remote.event("gone").await;
    assert!(gone["sent"].as_u64().expect("a count") < 8 << 20, "{gone}");
}

#[needs(node)]
#[tokio::test]
async fn server_that_says_nothing_is_given_up() {
    let remote = hostile("no_answer").await;
    let soon = Duration::from_millis(300);
    let client = client(&remote).config(|config| config.connect_timeout(soon));
    assert_eq!(setback(client).await, ClientCloseReason::ConnectTimeout);
}

#[needs(node)]
#[tokio::test]
async fn noops_everywhere_are_harmless() {
    let remote = hostile("noop_everywhere").await;
    let mut client = within("a session", connect(client(&remote))).await.expect("a session");
    for text in ["one", "two"] {
        client.send(text).await.expect("an open session");
        assert_eq!(within("an echo", client.recv()).await, Some(text.into()));
    }
}

#[needs(node)]
#[tokio::test]
async fn polling_goes_on_when_the_upgrade_comes_to_nothing() {
    for behaviour in ["silent_probe", "probe_refused", "html_on_websocket"] {
        let remote = hostile(behaviour).await;
        let soon = Duration::from_millis(300);
        let client =
            ClientOptions::new(&remote.url()).config(|config| config.upgrade_timeout(soon));
        let mut client = within("a session", connect(client)).await.expect("a session");
        for number in 0..10 {
            client.send(number.to_string()).await.expect("an open session");
            let heard = within("an echo", client.recv()).await;
            assert_eq!(heard, Some(number.to_string().into()), "{behaviour}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(client.transport(), Some(Transport::Polling), "{behaviour}");
    }
}
