//! Sessions that share a connection don't wait for each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use peer::{Frame, settle, within};

use super::client::Client;
use super::unread;
use crate::suite::{POLLING, config, echo};

/// More than hyper's own windows would let pass.
const STALLED: usize = 40;

#[tokio::test]
async fn sessions_that_are_not_read_hold_up_no_other_of_their_connection() {
    let config = config().inbox_high_water(1000).outbox_high_water(1000).outbox_low_water(1000);
    let (server, address) = unread(config).await;
    let client = Client::connect(address).await;
    let (mut stalled, taken) = (Vec::new(), Arc::new(AtomicUsize::new(0)));
    for _ in 0..STALLED {
        let (mut websocket, _) = client.open_websocket().await;
        // As much as the stream takes.
        let taken = Arc::clone(&taken);
        stalled.push(tokio::spawn(async move {
            loop {
                websocket.say(&format!("4{}", "x".repeat(10_000))).await;
                taken.fetch_add(1, Relaxed);
            }
        }));
    }
    let mut last = None;
    while last != Some(taken.load(Relaxed)) {
        last = Some(taken.load(Relaxed));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let target = client.session().await;
    server.broadcast("hello");
    assert_eq!(client.get(&target).await.text, "4hello");
    assert_eq!(client.post(&target, "4hello").await.text, "ok");
    let nobody = format!("{POLLING}&sid=nobody");
    assert_eq!(client.post(&nobody, "x".repeat(900_000)).await.status, 400);
    let (mut websocket, _) = client.open_websocket().await;
    server.broadcast("hello");
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
    assert_eq!(server.len(), STALLED + 2);
    stalled.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn stream_beyond_two_hundred_waits_for_the_end_of_another() {
    let (server, address) = echo(config()).await;
    let client = Arc::new(Client::connect(address).await);
    let mut open = Vec::new();
    for _ in 0..200 {
        open.push(client.open_websocket().await.0);
    }
    let asking = Arc::clone(&client);
    let late = tokio::spawn(async move { asking.open_websocket().await });
    settle(address).await;
    assert!(!late.is_finished());
    assert_eq!(server.len(), 200);
    drop(open.pop());
    within(late).await.expect("no panic");
}
