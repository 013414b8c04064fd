//! What waits to be published, and the task that does it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use engineio_hub::cluster::BusError;
use redis::aio::ConnectionManager;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The queue of messages for Redis. The task ends with it, after all of them.
pub(crate) struct Publishing {
    queue: mpsc::Sender<(String, Bytes)>,
    /// The bytes of all that wait.
    bytes: Arc<AtomicUsize>,
}

impl Publishing {
    pub(crate) fn start(runtime: &Handle, connection: ConnectionManager) -> Self {
        let (queue, waiting) = mpsc::channel(MOST_MESSAGES);
        let bytes = Arc::<AtomicUsize>::default();
        runtime.spawn(publish_all(connection, waiting, Arc::clone(&bytes)));
        Self { queue, bytes }
    }

    pub(crate) fn publish(&self, channel: String, payload: Bytes) -> Result<(), BusError> {
        let length = payload.len();
        if length > LONGEST {
            return Err(BusError::TooLarge { length, limit: LONGEST });
        }
        if self.bytes.fetch_add(length, Relaxed) > MOST_BYTES {
            self.bytes.fetch_sub(length, Relaxed);
            return Err(BusError::Full);
        }
        self.queue.try_send((channel, payload)).map_err(|why| {
            self.bytes.fetch_sub(length, Relaxed);
            match why {
                mpsc::error::TrySendError::Full(_) => BusError::Full,
                mpsc::error::TrySendError::Closed(_) => BusError::Closed,
            }
        })
    }
}

async fn publish_all(
    mut connection: ConnectionManager,
    mut waiting: mpsc::Receiver<(String, Bytes)>,
    bytes: Arc<AtomicUsize>,
) {
    let mut together = Vec::new();
    while waiting.recv_many(&mut together, AT_A_TIME).await > 0 {
        let mut pipe = redis::pipe();
        let mut length = 0;
        for (channel, payload) in together.drain(..) {
            length += payload.len();
            pipe.cmd("PUBLISH").arg(channel).arg(&*payload).ignore();
        }
        // If it fails, their numbers are missing at the other nodes, which say so. It isn't
        // repeated, since some may have arrived.
        let _ = pipe.query_async::<()>(&mut connection).await;
        bytes.fetch_sub(length, Relaxed);
    }
}

/// Some seconds' worth for a busy server.
const MOST_MESSAGES: usize = 4096;
const MOST_BYTES: usize = 16 << 20;

/// So many share a round trip.
const AT_A_TIME: usize = 64;

/// The longest value that Redis takes by default.
const LONGEST: usize = 512 << 20;
