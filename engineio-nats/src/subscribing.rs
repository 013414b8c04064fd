//! The task of a subscription.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use async_nats::{Client, Message, Subscriber};
use engineio_hub::cluster::Deliver;
use futures_core::Stream;
use tokio::time::sleep;

/// Subscribes, and delivers what comes. What comes faster than it can be delivered is dropped by
/// the client, when its queue is full.
pub(crate) async fn deliver_all(client: Client, subject: String, deliver: Deliver) {
    loop {
        if let Ok(mut subscriber) = client.subscribe(subject.clone()).await {
            while let Some(message) = next(&mut subscriber).await {
                deliver(message.payload);
            }
        }
        // The client was closed, or will be back.
        sleep(PAUSE).await;
    }
}

pub(crate) async fn next(subscriber: &mut Subscriber) -> Option<Message> {
    poll_fn(|cx| Pin::new(&mut *subscriber).poll_next(cx)).await
}

const PAUSE: Duration = Duration::from_secs(1);
