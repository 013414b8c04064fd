//! What becomes due, and what happens then.

use super::session::Session;
use super::transport::{Get, Polling, Post, PostStage};
use crate::close::{ServerCloseReason, Violation};
use crate::conn::ConnId;
use crate::http::Response;
use crate::time::Instant;

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    Heartbeat,
    /// The client has to show up with a GET.
    Absence,
    /// The body of a POST.
    Body(ConnId),
    /// The `ok` of a POST, or a GET that may be answered: nothing happens but that
    /// time has passed.
    Answer,
    /// The probe has to get on.
    Upgrade,
    /// The end of a graceful close.
    Close,
    /// The application has to read.
    Stall,
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
            Timer::Answer => {}
            Timer::Heartbeat => {
                if self.heartbeat.expire(now).is_err() {
                    self.finish(ServerCloseReason::PingTimeout);
                }
            }
            Timer::Absence => {
                let absence = self.state.polling_mut().and_then(|polling| polling.absence.take());
                if let Some((_, reason)) = absence {
                    self.finish(reason);
                }
            }
            Timer::Body(conn) => {
                let polling = self.state.polling_mut();
                if let Some(post) = polling.and_then(|polling| polling.post.take()) {
                    self.reply(conn, Response::empty(408, post.headers));
                }
                self.finish(ServerCloseReason::Violation(Violation::SlowBody));
            }
            Timer::Upgrade => self.abandon_probe(),
            Timer::Close => {
                if let Some(closing) = self.closing.take() {
                    self.finish(closing.reason);
                }
            }
            Timer::Stall => self.finish(ServerCloseReason::Overloaded),
        }
    }

    /// What is due next, and when.
    pub(super) fn next_timer(&self) -> Option<(Instant, Timer)> {
        if self.state.is_closed() {
            return None;
        }
        let mut next = Some((self.heartbeat.deadline(), Timer::Heartbeat));
        if let Some(polling) = self.state.polling() {
            let Polling { get, post, absence, .. } = polling;
            next = sooner(next, absence.as_ref().map(|(by, _)| (*by, Timer::Absence)));
            next = sooner(next, post.as_ref().and_then(|post| self.post_timer(post)));
            let get = get.as_ref().and_then(|get| self.get_timer(get));
            next = sooner(next, get.map(|at| (at, Timer::Answer)));
            next = sooner(next, self.state.probe().map(|probe| (probe.by, Timer::Upgrade)));
        }
        let close = self.closing.as_ref().map(|closing| (closing.until, Timer::Close));
        next = sooner(next, close);
        sooner(next, self.stall.map(|at| (at, Timer::Stall)))
    }

    fn post_timer(&self, post: &Post) -> Option<(Instant, Timer)> {
        match post.stage {
            PostStage::Receiving { by } => Some((by, Timer::Body(post.conn))),
            PostStage::Withheld { until } => (self.now < until).then_some((until, Timer::Answer)),
        }
    }

    /// When the waiting GET may be answered for no other reason than time.
    fn get_timer(&self, get: &Get) -> Option<Instant> {
        [get.hold_until, get.noop_at].into_iter().flatten().filter(|at| self.now < *at).min()
    }
}

/// The sooner of two; the first one if they are due at the same time.
fn sooner(
    first: Option<(Instant, Timer)>,
    second: Option<(Instant, Timer)>,
) -> Option<(Instant, Timer)> {
    match (first, second) {
        (Some(first), Some(second)) if second.0 < first.0 => Some(second),
        (None, second) => second,
        (first, _) => first,
    }
}
