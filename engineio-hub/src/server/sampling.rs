//! Takes the figures of all sessions, a part of them at a time.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use engineio_proto::Traffic;

use super::core::Core;
use super::deadlines::Target;
use super::sampler::ShardFigures;
use super::session::ServerSession;
use super::shard::SHARDS;
use crate::data::Data;
use crate::sample::Sample;

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
        let sample = Sample { memory_bytes: self.budget.held(), ..figures.sample() };
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
