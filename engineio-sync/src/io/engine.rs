//! What the workers of one server share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use engineio_hub::{Data, Hub};
use engineio_proto::Instant;

use super::fallback::Fallback;
use super::limits::Limits;
use super::mailbox::Mailbox;

pub(crate) struct Engine<D: Data> {
    pub(crate) hub: Hub<D>,
    pub(crate) settings: Settings,
    pub(crate) limits: Arc<Limits>,
    /// One for each worker.
    mailboxes: OnceLock<Vec<Arc<Mailbox>>>,
    state: Mutex<State>,
    has_ended: Condvar,
}

/// What all connections of a server have in common.
#[derive(Debug)]
pub(crate) struct Settings {
    /// How long a head may take from its first byte to its last.
    pub(crate) head_timeout: Duration,
    /// How long a connection may be idle between requests, and how long its peer may take no
    /// bytes.
    pub(crate) patience: Duration,
    pub(crate) fallback: Fallback,
}

#[derive(Debug, Default)]
struct State {
    /// When the server stops: until then last answers may be written.
    stop: Option<Instant>,
    workers: usize,
}

impl<D: Data> Engine<D> {
    pub(crate) fn new(hub: Hub<D>, settings: Settings, limits: Arc<Limits>) -> Self {
        Self {
            hub,
            settings,
            limits,
            mailboxes: OnceLock::new(),
            state: Mutex::default(),
            has_ended: Condvar::new(),
        }
    }

    /// How to reach the workers. Set once.
    pub(super) fn set_mailboxes(&self, mailboxes: Vec<Arc<Mailbox>>) {
        let _ = self.mailboxes.set(mailboxes);
    }

    pub(super) fn mailboxes(&self) -> &[Arc<Mailbox>] {
        self.mailboxes.get().map_or(&[], Vec::as_slice)
    }

    /// Stops the workers: listeners at once, connections when their last answers are written, at
    /// the latest then.
    pub(crate) fn stop(&self, at: Instant) {
        self.state().stop.get_or_insert(at);
        self.mailboxes().iter().for_each(|mailbox| mailbox.call());
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
