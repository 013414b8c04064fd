//! How other threads reach a worker.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engineio_hub::RemoteAddr;
use engineio_hub::listener::Permit;
use mio::net::TcpStream;

use super::tokens::{HANDOVER, STOP};
use crate::wake::WakeQueue;

/// A worker, for other threads.
#[derive(Debug)]
pub(super) struct WorkerHandle {
    pub(super) wakes: Arc<WakeQueue>,
    handover: Mutex<Handover>,
}

/// A connection that has a place.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) socket: TcpStream,
    pub(super) peer: RemoteAddr,
    pub(super) permit: Permit,
}

#[derive(Debug)]
enum Handover {
    /// Connections that the worker hasn't taken yet.
    Open(Vec<Accepted>),
    /// The worker has ended.
    Closed,
}

impl WorkerHandle {
    pub(super) fn new(wakes: Arc<WakeQueue>) -> Arc<Self> {
        Arc::new(Self { wakes, handover: Mutex::new(Handover::Open(Vec::new())) })
    }

    /// Hands over a connection. It is dropped if the worker has ended.
    pub(super) fn hand_over(&self, accepted: Accepted) {
        match &mut *self.lock() {
            Handover::Open(connections) => connections.push(accepted),
            Handover::Closed => return,
        }
        self.wakes.wake(HANDOVER);
    }

    /// The connections that were handed over up to now.
    pub(super) fn take(&self) -> Vec<Accepted> {
        match &mut *self.lock() {
            Handover::Open(connections) => mem::take(connections),
            Handover::Closed => Vec::new(),
        }
    }

    /// The worker ends.
    pub(super) fn close(&self) {
        let before = mem::replace(&mut *self.lock(), Handover::Closed);
        drop(before);
    }

    /// Tells the worker that the server stops.
    pub(super) fn stop(&self) {
        self.wakes.wake(STOP);
    }

    /// Nothing that can panic is done under this lock.
    fn lock(&self) -> MutexGuard<'_, Handover> {
        self.handover.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
