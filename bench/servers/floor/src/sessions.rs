//! What clients over polling have sent, and get back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Sessions {
    /// The time between two pings.
    pub(crate) pings: Duration,
    last: AtomicU64,
    all: Mutex<HashMap<u64, Arc<Session>>>,
}

/// A session over polling.
#[derive(Debug, Default)]
pub(crate) struct Session {
    payload: Mutex<Option<Bytes>>,
    came: Notify,
}

impl Sessions {
    pub(crate) fn new(pings: Duration) -> Self {
        Self { pings, last: AtomicU64::default(), all: Mutex::default() }
    }

    pub(crate) fn open(&self) -> u64 {
        let sid = self.last.fetch_add(1, Ordering::Relaxed);
        self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(sid, Arc::default());
        sid
    }

    pub(crate) fn get(&self, sid: u64) -> Option<Arc<Session>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).get(&sid).cloned()
    }

    pub(crate) fn close(&self, sid: u64) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&sid);
    }
}

impl Session {
    pub(crate) fn put(&self, payload: Bytes) {
        *self.payload.lock().unwrap_or_else(PoisonError::into_inner) = Some(payload);
        self.came.notify_one();
    }

    /// Waits for a payload.
    pub(crate) async fn take(&self) -> Bytes {
        loop {
            let came = self.came.notified();
            let payload = self.payload.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(payload) = payload {
                return payload;
            }
            came.await;
        }
    }
}
