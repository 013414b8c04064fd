//! The deadlines of the sessions.

use std::sync::Arc;
use std::task::{Context, Waker};

use engineio_hub::{Data, Hub};
use engineio_proto::Instant;

use super::tokens::SESSIONS;
use crate::wake::{TokenWaker, WakeQueue};

/// Runs the deadlines of all sessions. One worker of a server does.
pub(super) struct Expiry {
    /// When to look at them next.
    at: Option<Instant>,
    token_waker: Arc<TokenWaker>,
    waker: Waker,
}

impl Expiry {
    pub(super) fn new(wakes: &Arc<WakeQueue>) -> Self {
        let token_waker = TokenWaker::new(SESSIONS, wakes);
        Self { at: Some(Instant::ZERO), waker: Waker::from(Arc::clone(&token_waker)), token_waker }
    }

    pub(super) const fn at(&self) -> Option<Instant> {
        self.at
    }

    /// A deadline has moved.
    pub(super) const fn wake(&mut self, now: Instant) {
        self.at = Some(now);
    }

    /// Runs the deadlines that are due.
    pub(super) fn turn<D: Data>(&mut self, hub: &Hub<D>, now: Instant) {
        if self.at.is_some_and(|at| at <= now) {
            self.token_waker.reset();
            self.at = hub.expire(&mut Context::from_waker(&self.waker));
        }
    }
}
