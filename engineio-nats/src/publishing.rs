//! What waits to be published, and the task that does it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use async_nats::Client;
use bytes::Bytes;
use engineio_hub::cluster::BusError;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The queue of messages for NATS. The task ends with it, after all of them.
pub(crate) struct Publishing {
    queue: mpsc::Sender<(String, Bytes)>,
    /// The bytes of all that wait.
    bytes: Arc<AtomicUsize>,
}

impl Publishing {
    pub(crate) fn start(runtime: &Handle, client: Client) -> Self {
        let (queue, waiting) = mpsc::channel(MOST_MESSAGES);
        let bytes = Arc::<AtomicUsize>::default();
        runtime.spawn(publish_all(client, waiting, Arc::clone(&bytes)));
        Self { queue, bytes }
    }

    pub(crate) fn publish(&self, subject: String, payload: Bytes) -> Result<(), BusError> {
        let length = payload.len();
        if self.bytes.fetch_add(length, Relaxed) > MOST_BYTES {
            self.bytes.fetch_sub(length, Relaxed);
            return Err(BusError::Full);
        }
        self.queue.try_send((subject, payload)).map_err(|why| {
            self.bytes.fetch_sub(length, Relaxed);
            match why {
                mpsc::error::TrySendError::Full(_) => BusError::Full,
                mpsc::error::TrySendError::Closed(_) => BusError::Closed,
            }
        })
    }
}

/// The client has a queue of its own, and takes no more than that while NATS is away.
async fn publish_all(
    client: Client,
    mut waiting: mpsc::Receiver<(String, Bytes)>,
    bytes: Arc<AtomicUsize>,
) {
    while let Some((subject, payload)) = waiting.recv().await {
        let length = payload.len();
        // If it fails, its number is missing at the other nodes, which say so.
        let _ = client.publish(subject, payload).await;
        bytes.fetch_sub(length, Relaxed);
    }
    let _ = client.flush().await;
}

/// Some seconds' worth for a busy server.
const MOST_MESSAGES: usize = 4096;
const MOST_BYTES: usize = 16 << 20;
