//! The states of a session and everything that moves it from one to another.
//!
//! A session is born `Polling` or `Framed` and ends `Closed`. `Probing` is `Polling` with a
//! WebSocket on trial beside it: both have at most one GET that waits (parked) and at most one
//! POST under way.
//!
//! | | Polling | Probing | Framed | Closed |
//! |---|---|---|---|---|
//! | GET | parked; a second: 400, → Closed | the same; answered soon once `2probe` came | 400 code 3 | 400 code 1 |
//! | POST | awaits its body; a second: 400, → Closed | the same | 400 code 3 | 400 code 1 |
//! | WebSocket | 101, → Probing; 400 code 3 if upgrades are off | 101, 1008 | 101, 1008 | 400 code 1 |
//! | body | its packets, then `ok`; illegal: 400, inbox full: 503, → Closed | the same | ignored | ignored |
//! | frame of the probe | | `2probe`: `3probe`; `5`: → Framed; else → Polling | | |
//! | frame of the session | | | its packet; illegal: → Closed | ignored |
//! | packet `1` | `ok`, GET gets `6`, → Closed | the same | → Closed | |
//! | GET failed | answered if it can be; no other within `poll_grace`: → Closed | the same | | |
//! | handshake not followed | → Closed | | | |
//! | POST failed | too large: 413, and if the client then leaves, that is the reason; else → Closed | the same | | |
//! | frames failed | | of the probe: → Polling | → Closed | |
//! | upgrade time-out | | → Polling | | |
//! | heartbeat out | → Closed | → Closed | → Closed | |
//! | application stalls | → Closed | → Closed | → Closed | |
//! | `close` | the rest and `1` to the GET, → Closed | the same | the rest, `1`, 1000, → Closed | nothing |
//! | `abort` | `1` to the GET, → Closed | the same | the code of its reason, → Closed | nothing |
//!
//! When a state ends, each of its connections still gets its reply: a request its answer, a
//! WebSocket its hang-up. These wait in `Replies`, so that no state has to outlive its end.

use alloc::boxed::Box;

use bytes::Bytes;

use super::cause::RefusalCause;
use super::core::Core;
use super::exchange::{Exchange, Kind};
use super::framed::{self, Framed};
use super::io::{Event, Transmit};
use super::polling::Polling;
use super::timers::Timer;
use crate::close::{ServerCloseReason, Violation};
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::time::{Instant, sooner};
use crate::transport::Transport;

/// Where the session is.
#[derive(Debug)]
pub(super) enum State {
    Open(Open),
    Closed(ServerCloseReason),
}

/// A session that goes on.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) heartbeat: Heartbeat,
    /// When the session ends, unless the application or the peer takes something before. Armed
    /// while nothing more is taken in.
    pub(super) stall: Option<Instant>,
    pub(super) channel: Channel,
}

/// The transport that carries the packets.
#[derive(Debug)]
pub(super) enum Channel {
    /// Boxed: most sessions leave it soon, and there are many of them.
    Polling(Box<Polling>),
    Framed(Framed),
}

impl Channel {
    pub(super) const fn transport(&self) -> Transport {
        match self {
            Self::Polling(_) => Transport::Polling,
            Self::Framed(_) => Transport::WebSocket,
        }
    }
}

/// Inputs of an open session. An error is the reason why it ends.
impl Open {
    /// A request came.
    pub(super) fn request(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        exchange: Exchange,
    ) -> Result<(), ServerCloseReason> {
        if let Some(cause) = exchange.misfit(core.common.revision) {
            core.refuse(conn, exchange.headers, cause);
            return Ok(());
        }
        match (exchange.kind, &mut self.channel) {
            (Kind::Poll, Channel::Polling(polling)) => return polling.get(core, conn, exchange),
            (Kind::Post, Channel::Polling(polling)) => return polling.post(core, conn, exchange),
            (Kind::Framed(_), Channel::Polling(polling)) => {
                polling.upgrade_request(core, conn, exchange);
            }
            (Kind::Poll | Kind::Post, Channel::Framed(_)) => {
                core.refuse(conn, exchange.headers, RefusalCause::TransportMismatch);
            }
            (Kind::Framed(_), Channel::Framed(_)) => core.turn_away(conn, exchange),
        }
        Ok(())
    }

    /// The body of a POST came.
    pub(super) fn body(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        body: Bytes,
    ) -> Result<(), ServerCloseReason> {
        match &mut self.channel {
            Channel::Polling(polling) => polling.body(core, &mut self.heartbeat, conn, body),
            Channel::Framed(_) => Ok(()),
        }
    }

    /// A frame came, on whatever connection.
    #[inline]
    pub(super) fn frame(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        frame: Frame,
    ) -> Result<(), ServerCloseReason> {
        match &mut self.channel {
            Channel::Framed(framed) if framed.conn == conn => {
                let max_payload = core.config.max_payload();
                return core.common.handle_frame(&mut self.heartbeat, frame, max_payload);
            }
            Channel::Framed(_) => {}
            Channel::Polling(_) => self.probe_frame(core, conn, frame),
        }
        Ok(())
    }

    /// A frame came while the session is over polling.
    #[cold]
    fn probe_frame(&mut self, core: &mut Core, conn: ConnId, frame: Frame) {
        if let Channel::Polling(polling) = &mut self.channel
            && let Some(framed) = polling.handle_frame(core, conn, frame)
        {
            self.channel = Channel::Framed(framed);
            core.common.inbox.push(Event::Upgraded(Transport::WebSocket));
        }
    }

    /// A connection can't go on.
    pub(super) fn fail(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        why: Failure,
    ) -> Result<(), ServerCloseReason> {
        match &mut self.channel {
            Channel::Polling(polling) => polling.fail(core, conn, why),
            Channel::Framed(framed) if framed.conn == conn => Err(framed::loss(why)),
            Channel::Framed(_) => Ok(()),
        }
    }

    /// Whether there is something for this connection.
    pub(super) fn has_transmit(&self, core: &Core, conn: ConnId) -> bool {
        match &self.channel {
            Channel::Polling(polling) => polling.has_transmit(core, &self.heartbeat, conn),
            Channel::Framed(framed) => {
                framed.conn == conn && core.common.has_packet(&self.heartbeat)
            }
        }
    }

    /// The next thing for this connection, and the reason if the session ends with it.
    pub(super) fn next(
        &mut self,
        core: &mut Core,
        conn: ConnId,
    ) -> (Option<Transmit>, Option<ServerCloseReason>) {
        match &mut self.channel {
            Channel::Polling(polling) => polling.next(core, &mut self.heartbeat, conn),
            Channel::Framed(framed) if framed.conn == conn => {
                framed.next(core, &mut self.heartbeat)
            }
            Channel::Framed(_) => (None, None),
        }
    }

    /// Whether this connection carries the session's frames.
    pub(super) fn is_carried_by(&self, conn: ConnId) -> bool {
        match &self.channel {
            Channel::Polling(_) => false,
            Channel::Framed(framed) => framed.conn == conn,
        }
    }

    /// The session ends: each of its connections gets an answer or a hang-up.
    pub(super) fn end(&mut self, core: &mut Core, reason: &ServerCloseReason) {
        match &mut self.channel {
            Channel::Framed(framed) => core.hang_up(framed.conn, reason.code()),
            Channel::Polling(polling) => polling.end(core, reason),
        }
    }
}

/// Time and backpressure of an open session.
impl Open {
    /// The reason behind the reason: what made the peer leave.
    pub(super) fn explain(&self, reason: ServerCloseReason) -> ServerCloseReason {
        let has_left = matches!(
            reason,
            ServerCloseReason::Peer(_)
                | ServerCloseReason::TransportLost
                | ServerCloseReason::PingTimeout
        );
        match &self.channel {
            Channel::Polling(polling) if has_left && polling.has_overflowed() => {
                Violation::TooLarge.into()
            }
            Channel::Polling(_) | Channel::Framed(_) => reason,
        }
    }

    /// Brings what depends on several parts of the session into line.
    #[inline]
    pub(super) fn settle(&mut self, core: &mut Core) {
        let is_at_ease = matches!(self.channel, Channel::Framed(_))
            && self.stall.is_none()
            && !self.heartbeat.is_held()
            && core.has_room();
        if !is_at_ease {
            self.settle_all(core);
        }
    }

    pub(super) fn settle_all(&mut self, core: &mut Core) {
        let is_full = !core.has_room();
        let keeps_peer_unheard = match &mut self.channel {
            Channel::Polling(polling) => {
                polling.release_post(core);
                polling.withholds()
            }
            Channel::Framed(_) => is_full || core.is_input_held,
        };
        self.heartbeat.hold(keeps_peer_unheard, core.common.now);
        if !is_full {
            self.stall = None;
        } else if self.stall.is_none() {
            self.stall = Some(core.common.now + core.config.stall_timeout());
        }
    }

    /// The application or the peer took something: gives both their time again.
    pub(super) fn put_off_stall(&mut self, core: &Core) {
        if let Some(stall) = &mut self.stall {
            *stall = core.common.now + core.config.stall_timeout();
        }
    }

    /// The next timer, and when it is due.
    pub(super) fn next_timer(&self, core: &Core) -> Option<(Instant, Timer)> {
        let mut next = Some((self.heartbeat.deadline(), Timer::Heartbeat));
        if let Channel::Polling(polling) = &self.channel {
            let timer = polling.next_timer(core.common.now);
            next = sooner(next, timer.map(|(at, timer)| (at, Timer::Polling(timer))));
        }
        let close = core.common.closing().map(|closing| (closing.until, Timer::Close));
        next = sooner(next, close);
        sooner(next, self.stall.map(|at| (at, Timer::Stall)))
    }

    /// A timer is due.
    pub(super) fn expire(
        &mut self,
        core: &mut Core,
        timer: Timer,
        now: Instant,
    ) -> Result<(), ServerCloseReason> {
        match (timer, &mut self.channel) {
            (Timer::Heartbeat, _) => {
                self.heartbeat.expire(now).map_err(|_| ServerCloseReason::PingTimeout)
            }
            (Timer::Polling(timer), Channel::Polling(polling)) => polling.expire(core, timer),
            (Timer::Polling(_), Channel::Framed(_)) => Ok(()),
            (Timer::Close, _) => core.common.take_closing().map_or(Ok(()), Err),
            (Timer::Stall, _) => Err(ServerCloseReason::Overloaded),
        }
    }
}
