//! What the workers of one server share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use engineio_hub::Hub;
use engineio_proto::Instant;

use super::inbox::Inbox;
use super::limits::Limits;
use super::settings::Settings;

pub(crate) struct Engine<D: Send + Sync + 'static> {
    pub(crate) hub: Arc<Hub<D>>,
    pub(crate) settings: Settings,
    pub(crate) limits: Arc<Limits>,
    /// One for each worker.
    pub(super) inboxes: OnceLock<Vec<Arc<Inbox>>>,
    state: Mutex<State>,
    has_ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// When the server stops: until then last answers may be written.
    stop: Option<Instant>,
    workers: usize,
}

impl<D: Send + Sync + 'static> Engine<D> {
    pub(crate) fn new(hub: Arc<Hub<D>>, settings: Settings, limits: Arc<Limits>) -> Self {
        Self {
            hub,
            settings,
            limits,
            inboxes: OnceLock::new(),
            state: Mutex::default(),
            has_ended: Condvar::new(),
        }
    }

    pub(super) fn inboxes(&self) -> &[Arc<Inbox>] {
        self.inboxes.get().map_or(&[], Vec::as_slice)
    }

    /// Stops the workers: listeners at once, connections when their last answers are written, at
    /// the latest then.
    pub(crate) fn stop(&self, at: Instant) {
        self.state().stop.get_or_insert(at);
        self.inboxes().iter().for_each(|inbox| inbox.call());
    }

    pub(super) fn stop_at(&self) -> Option<Instant> {
        self.state().stop
    }

    /// Whether all workers have ended.
    pub(crate) fn is_over(&self) -> bool {
        self.state().workers == 0
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

    /// Waits until all workers have ended, but no longer than that.
    pub(crate) fn wait_for_workers(&self, at_most: Duration) {
        let still_works = |state: &mut State| state.workers > 0;
        let _ = self.has_ended.wait_timeout_while(self.state(), at_most, still_works);
    }

    /// Nothing that can panic is done under this lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
