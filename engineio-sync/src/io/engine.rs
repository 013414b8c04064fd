//! What the workers of one server share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use engineio_hub::http1::{ServerConnection, Settings};
use engineio_hub::listener::Limits;
use engineio_hub::{Data, Hub, RemoteAddr};
use engineio_proto::Instant;

use super::handle::WorkerHandle;

pub(crate) struct Engine<D: Data> {
    pub(crate) hub: Hub<D>,
    pub(super) settings: Arc<Settings>,
    pub(crate) limits: Arc<Limits>,
    /// One for each worker, set once.
    workers: OnceLock<Vec<Arc<WorkerHandle>>>,
    state: Mutex<State>,
    has_ended: Condvar,
}

/// What a worker lends to the connection whose turn it is.
pub(super) struct Tools<'a> {
    /// How long a peer may take no bytes.
    pub(super) patience: Duration,
    pub(super) now: Instant,
    /// The server stops: connections no longer wait for requests.
    pub(super) is_stopping: bool,
    pub(super) scratch: &'a mut [u8],
}

#[derive(Debug, Default)]
struct State {
    /// When the server stops: until then last answers may be written.
    stop: Option<Instant>,
    /// How many workers haven't ended.
    workers: usize,
}

impl<D: Data> Engine<D> {
    pub(crate) fn new(hub: Hub<D>, settings: Settings, limits: Arc<Limits>) -> Arc<Self> {
        Arc::new(Self {
            hub,
            settings: Arc::new(settings),
            limits,
            workers: OnceLock::new(),
            state: Mutex::default(),
            has_ended: Condvar::new(),
        })
    }

    /// A new connection from this peer.
    pub(super) fn connection(&self, peer: RemoteAddr) -> ServerConnection<D> {
        ServerConnection::new(&self.hub, &self.settings, Some(peer))
    }

    pub(super) fn set_workers(&self, workers: Vec<Arc<WorkerHandle>>) {
        let _ = self.workers.set(workers);
    }

    pub(super) fn workers(&self) -> &[Arc<WorkerHandle>] {
        self.workers.get().map_or(&[], Vec::as_slice)
    }

    /// Ends all sessions at once, and stops the workers.
    pub(crate) fn end(&self) {
        self.hub.close(Duration::ZERO);
        self.hub.abort();
        self.stop(self.hub.now());
    }

    /// Stops the workers: they stop accepting at once, and end when the last answers are written,
    /// but no later than `at`.
    pub(crate) fn stop(&self, at: Instant) {
        self.state().stop.get_or_insert(at);
        self.workers().iter().for_each(|worker| worker.stop());
    }

    pub(super) fn stop_at(&self) -> Option<Instant> {
        self.state().stop
    }

    pub(super) fn worker_began(&self) {
        let mut state = self.state();
        state.workers = state.workers.saturating_add(1);
    }

    pub(super) fn worker_ended(&self) {
        let mut state = self.state();
        state.workers = state.workers.saturating_sub(1);
        drop(state);
        self.has_ended.notify_all();
    }

    /// Waits until all workers have ended, but no longer than `at_most`.
    pub(crate) fn wait_for_workers(&self, at_most: Duration) {
        let still_works = |state: &mut State| state.workers > 0;
        let _ = self.has_ended.wait_timeout_while(self.state(), at_most, still_works);
    }

    /// Nothing that can panic is done under this lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
