//! What becomes due, and what happens then.

use super::close::ClientCloseReason;
use super::session::Session;
use super::transport::State;
use crate::time::Instant;

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The handshake.
    Open,
    Heartbeat,
    /// The probe has to get on.
    Upgrade,
    /// The end of a graceful close.
    Close,
}

impl Session {
    /// Does everything that is due by `now`, in the order in which it became due.
    pub(super) fn advance(&mut self, now: Instant) {
        if now <= self.now {
            return; // Every wait is longer than nothing: what was due is done.
        }
        while let Some((at, timer)) = self.next_timer().filter(|(at, _)| *at <= now) {
            self.now = self.now.max(at);
            self.expire(timer, now);
            self.settle();
        }
        self.now = self.now.max(now);
    }

    fn expire(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Open => {
                // The next transport has its whole time from now on.
                self.now = now;
                self.attempt_failed(ClientCloseReason::ConnectTimeout);
            }
            Timer::Heartbeat => {
                let outcome = self.heartbeat.as_mut().map(|heartbeat| heartbeat.expire(now));
                if let Some(Err(_)) = outcome {
                    self.finish(ClientCloseReason::PingTimeout);
                }
            }
            Timer::Upgrade => self.abandon_probe(),
            Timer::Close => self.finish(ClientCloseReason::Application),
        }
    }

    /// What is due next, and when.
    pub(super) fn next_timer(&self) -> Option<(Instant, Timer)> {
        let mut next = match &self.state {
            State::Opening(opening) => (opening.by, Timer::Open),
            State::Polling(_) | State::Probing(..) | State::Framed(_) => {
                (self.heartbeat.as_ref()?.deadline(), Timer::Heartbeat)
            }
            State::Closed => return None,
        };
        if let State::Probing(_, probe) = &self.state
            && probe.by < next.0
        {
            next = (probe.by, Timer::Upgrade);
        }
        if let Some(until) = self.closing.filter(|until| *until < next.0) {
            next = (until, Timer::Close);
        }
        Some(next)
    }
}
