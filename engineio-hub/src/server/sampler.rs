//! The figures of all sessions.

use std::mem;
use std::sync::PoisonError;

use engineio_proto::server::Session;
use engineio_proto::{Traffic, Transport};

use super::shard::SHARDS;
use crate::sample::Sample;
use crate::sync::atomic::AtomicBool;
use crate::sync::{Mutex, MutexGuard};

/// The figures so far.
pub(crate) struct Sampler {
    pub(super) is_wanted: bool,
    /// A deadline for the next step is armed.
    pub(super) is_running: AtomicBool,
    figures: Mutex<Figures>,
}

#[derive(Default)]
pub(super) struct Figures {
    pub(super) next: usize,
    pub(super) shards: [ShardFigures; SHARDS],
    /// What was carried and isn't told yet.
    pub(super) traffic: Traffic,
}

/// The figures of one shard, when it was looked at last.
#[derive(Clone, Copy, Default)]
pub(super) struct ShardFigures {
    polling: usize,
    websocket: usize,
    outbox_bytes: usize,
    largest_outbox: usize,
}

impl ShardFigures {
    pub(super) fn add(&mut self, session: &Session) {
        match session.transport() {
            Some(Transport::Polling) => self.polling += 1,
            Some(_) => self.websocket += 1,
            None => return,
        }
        self.outbox_bytes = self.outbox_bytes.saturating_add(session.queued_bytes());
        self.largest_outbox = self.largest_outbox.max(session.queued_bytes());
    }
}

impl Sampler {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, is_running: AtomicBool::new(false), figures: Mutex::default() }
    }

    /// Counts what a session carried that has ended.
    pub(super) fn ended(&self, traffic: Traffic) {
        if self.is_wanted {
            self.figures().traffic.add(traffic);
        }
    }

    /// Nothing under this lock can panic.
    pub(super) fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures {
    /// The sum over all shards, with the traffic since the last time.
    pub(super) fn sample(&mut self) -> Sample {
        let traffic = mem::take(&mut self.traffic);
        self.shards.iter().fold(Sample { traffic, ..Sample::default() }, |mut sum, shard| {
            sum.polling += shard.polling;
            sum.websocket += shard.websocket;
            sum.outbox_bytes = sum.outbox_bytes.saturating_add(shard.outbox_bytes);
            sum.largest_outbox = sum.largest_outbox.max(shard.largest_outbox);
            sum
        })
    }
}
