//! Takes the figures of all sessions, a part of them at a time.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engineio_proto::server::Session;
use engineio_proto::{Traffic, Transport};

use super::core::Core;
use super::deadlines::Target;
use super::session::ServerSession;
use super::shard::SHARDS;
use crate::data::Data;
use crate::sample::Sample;

/// The figures so far.
pub(crate) struct Sampler {
    is_wanted: bool,
    /// A deadline for the next step is armed.
    is_running: AtomicBool,
    figures: Mutex<Figures>,
}

#[derive(Default)]
struct Figures {
    next: usize,
    shards: [ShardFigures; SHARDS],
    /// What was carried and isn't told yet.
    traffic: Traffic,
}

/// The figures of one shard, when it was looked at last.
#[derive(Clone, Copy, Default)]
struct ShardFigures {
    polling: usize,
    websocket: usize,
    outbox_bytes: usize,
    largest_outbox: usize,
}

impl ShardFigures {
    fn add(&mut self, session: &Session) {
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
    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures {
    /// The sum over all shards, with the traffic since the last time.
    fn sample(&mut self) -> Sample {
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

impl<D: Data> Core<ServerSession<D>> {
    /// Takes figures from now on, while there are sessions.
    pub(super) fn begin_sampling(&self) {
        if !self.sampler.is_wanted {
            return;
        }
        if !self.sampler.is_running.load(SeqCst) && !self.sampler.is_running.swap(true, SeqCst) {
            self.deadlines.arm_anywhere(self.now() + STEP, Target::Sample);
        }
    }

    /// Looks at the next shard, and tells the observer.
    pub(super) fn take_sample(&self) {
        let shard = self.sampler.figures().next;
        let (mut seen, mut traffic) = (ShardFigures::default(), Traffic::default());
        for session in self.sessions.of_shard(shard) {
            session.look_mut(|session| {
                seen.add(session);
                traffic.add(session.take_traffic());
            });
        }
        let is_last = self.sessions.len() == 0;
        let mut figures = self.sampler.figures();
        figures.next = (shard + 1) % SHARDS;
        figures.traffic.add(traffic);
        if is_last {
            figures.shards = Default::default();
        } else if let Some(place) = figures.shards.get_mut(shard) {
            *place = seen;
        }
        let sample = figures.sample();
        drop(figures);
        self.observer.sampled(&sample);
        if is_last {
            self.sampler.is_running.store(false, SeqCst);
            if self.sessions.len() > 0 {
                self.begin_sampling();
            }
        } else {
            self.deadlines.arm_anywhere(self.now() + STEP, Target::Sample);
        }
    }
}

/// How long it is from one shard to the next: all sessions are seen within four seconds.
const STEP: Duration = Duration::from_millis(250);
