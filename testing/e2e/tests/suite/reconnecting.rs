//! A client that comes back to npm's `engine.io`, which ends, stays away and starts again.

use core::time::Duration;

use e2e::{Remote, needs, within};
use engineio_tokio::{Backoff, ReconnectingEvent, Transport};
use serde_json::json;

use crate::binding::{ClientOptions, ReconnectingClient, reconnecting};

async fn event(client: &mut ReconnectingClient) -> ReconnectingEvent {
    within("an event", client.event()).await.expect("no end")
}

/// Waits for a session.
async fn connected(client: &mut ReconnectingClient) {
    loop {
        match event(client).await {
            ReconnectingEvent::Connected => return,
            ReconnectingEvent::Retry { .. } => {}
            other => panic!("{other:?} in the place of a session"),
        }
    }
}

/// Sends a message, and waits until it comes back.
async fn echo(client: &mut ReconnectingClient, text: &str) {
    client.send(text).await.expect("a session");
    loop {
        match event(client).await {
            ReconnectingEvent::Message(message) => return assert_eq!(message, text.into()),
            ReconnectingEvent::Upgrade(_) => {}
            other => panic!("{other:?} in the place of {text:?}"),
        }
    }
}

async fn lost(client: &mut ReconnectingClient) {
    loop {
        match event(client).await {
            ReconnectingEvent::Lost { .. } => return,
            ReconnectingEvent::Upgrade(_) => {}
            other => panic!("{other:?} in the place of a loss"),
        }
    }
}

#[needs(node)]
#[tokio::test]
async fn client_comes_back_to_a_server_that_is_restarted() {
    let ways: [&[Transport]; 3] = [
        &[Transport::Polling],
        &[Transport::WebSocket],
        &[Transport::Polling, Transport::WebSocket],
    ];
    for way in ways {
        let mut remote = Remote::start(json!({ "server": "engine.io-6" })).await;
        let port = remote.authority().rsplit_once(':').expect("a port").1.to_owned();
        let port: u16 = port.parse().expect("a number");
        let options = ClientOptions::new(&remote.url()).transports(way);
        let backoff =
            Backoff::new().first(Duration::from_millis(5)).longest(Duration::from_millis(100));
        let mut client = reconnecting(options, backoff);
        // It closes its sessions, or is gone at once.
        for is_graceful in [true, false] {
            connected(&mut client).await;
            remote.event("open").await;
            echo(&mut client, "hello").await;
            if is_graceful {
                remote.stop().await;
            } else {
                drop(remote);
            }
            lost(&mut client).await;
            // It stays away for some attempts.
            for _ in 0..3 {
                let event = event(&mut client).await;
                assert!(matches!(event, ReconnectingEvent::Retry { .. }), "{way:?}: {event:?}");
            }
            remote = Remote::start(json!({ "server": "engine.io-6", "port": port })).await;
        }
        connected(&mut client).await;
        echo(&mut client, "here again").await;
        let sid = client.session().and_then(|session| session.sid()).expect("a session");
        client.close();
        assert_eq!(remote.event("close").await["sid"], sid.as_str(), "{way:?}");
        while let Some(event) = within("the end", client.event()).await {
            let is_end = matches!(
                event,
                ReconnectingEvent::Lost { .. }
                    | ReconnectingEvent::GaveUp(_)
                    | ReconnectingEvent::Upgrade(_)
            );
            assert!(is_end, "{event:?}");
        }
    }
}
