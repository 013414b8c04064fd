//! A client that stays for long.

use peer::within;

use super::process::{Heap, LOTS, alone};
use super::{Echo, assert_only};
use crate::engineio::{ClientOptions, Message, ServerConfig, Transport, connect};

/// Enough messages that anything kept for each would show.
const MESSAGES: usize = 1_000;

async fn holds_no_more_than_before(transport: Transport) {
    let _alone = alone().await;
    let echo = Echo::start(ServerConfig::builder()).await;
    let url = format!("http://{}", echo.address);
    let options = ClientOptions::new(&url).transports(vec![transport]);
    let mut client = within(connect(options)).await.expect("a session");
    let mut heap = Heap::default();
    let mut is_as_before = false;
    for _ in 0..LOTS {
        for number in 0..MESSAGES {
            let message = Message::from(format!("{number:>100}"));
            within(client.send(message.clone())).await.expect("an open session");
            assert_eq!(within(client.recv()).await, Some(message));
        }
        is_as_before = heap.is_as_before();
        if is_as_before {
            break;
        }
    }
    if !is_as_before {
        heap.fail();
    }
    client.close();
    within(client.closed()).await;
    echo.is_left_alone().await;
    assert_only(&echo.end().await, &["peer"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_talks_for_long_over_polling_holds_no_more_than_before() {
    holds_no_more_than_before(Transport::Polling).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_talks_for_long_over_a_websocket_holds_no_more_than_before() {
    holds_no_more_than_before(Transport::WebSocket).await;
}
