//! A session over polling: GETs that wait, POSTs that bring packets, and perhaps a WebSocket that
//! is to replace them.

use bytes::Bytes;

use super::cause::{ProbeFailure, RefusalCause};
use super::core::{Core, TurnedAway};
use super::exchange::Exchange;
use super::framed::Framed;
use super::get::Get;
use super::io::Transmit;
use super::jsonp::Style;
use super::post::{Post, Wait};
use super::probe::{Probe, Progress};
use super::timers::PollingTimer;
use crate::close::{CloseCode, ServerCloseReason, Violation};
use crate::codec::ContentType;
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::packet::Packet;
use crate::time::{Instant, sooner};

/// At most one GET waits, at most one POST is under way, and at most one WebSocket probes.
#[derive(Debug)]
pub(super) struct Polling {
    /// As the handshake asked for.
    style: Style,
    get: Option<Get>,
    post: Option<Post>,
    /// By when the client has to show up, and why the session ends if it doesn't.
    absence: Option<(Instant, ServerCloseReason)>,
    probe: Option<Probe>,
    /// The last POST was longer than `max_payload`. JavaScript clients then leave without a word.
    has_overflowed: bool,
}

impl Polling {
    /// Begins with the handshake's own request. The client has to follow it up by then.
    pub(super) const fn new(style: Style, handshake: Get, by: Instant) -> Self {
        Self {
            style,
            get: Some(handshake),
            post: None,
            absence: Some((by, ServerCloseReason::Abandoned)),
            probe: None,
            has_overflowed: false,
        }
    }

    /// Whether nothing is under way.
    pub(super) const fn is_idle(&self) -> bool {
        self.get.is_none() && self.post.is_none() && self.probe.is_none()
    }

    /// A GET came.
    pub(super) fn get(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        exchange: Exchange,
    ) -> Result<(), ServerCloseReason> {
        let now = core.common.now;
        let noop_at = self.probe.as_mut().and_then(|probe| probe.noop_at(now));
        if self.get.is_some() {
            core.refuse(conn, exchange.headers, Violation::OverlappingPolls.into());
            return Err(Violation::OverlappingPolls.into());
        }
        self.absence = None;
        self.get = Some(Get::new(conn, exchange, noop_at));
        self.start_hold(core);
        Ok(())
    }

    /// The head of a POST came.
    pub(super) fn post(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        exchange: Exchange,
    ) -> Result<(), ServerCloseReason> {
        let violation = if self.post.is_some() {
            Violation::OverlappingPosts
        } else if exchange.content_type == ContentType::Binary
            && !core.common.revision.has_binary_payloads()
        {
            Violation::BinaryBody
        } else {
            self.end_abandonment();
            let by = core.common.now + core.config.body_timeout();
            self.post = Some(Post::new(conn, exchange, by));
            return Ok(());
        };
        core.refuse(conn, exchange.headers, violation.clone().into());
        Err(violation.into())
    }

    /// The whole body of a POST came.
    pub(super) fn body(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
        conn: ConnId,
        body: Bytes,
    ) -> Result<(), ServerCloseReason> {
        if let Some(post) = self.post.take_if(|post| post.conn == conn && post.is_receiving()) {
            let is_too_large = body.len() > core.config.max_payload();
            self.post = post.receive(core, heartbeat, &self.style, body)?;
            self.has_overflowed = is_too_large;
        }
        Ok(())
    }

    /// There is no memory for the body of the POST, of this connection or of any.
    pub(super) fn refuse_body(&mut self, core: &mut Core, conn: Option<ConnId>, retry_after: u64) {
        let is_it =
            |post: &mut Post| post.is_receiving() && conn.is_none_or(|conn| post.conn == conn);
        if let Some(post) = self.post.take_if(is_it) {
            post.refuse(core, RefusalCause::Memory(retry_after));
        }
    }

    /// A WebSocket came for this session.
    pub(super) fn upgrade_request(&mut self, core: &mut Core, conn: ConnId, exchange: Exchange) {
        if self.probe.is_none() && !core.config.can_upgrade() {
            return core.refuse(conn, exchange.headers, RefusalCause::UpgradeNotAllowed);
        }
        if self.probe.is_some() {
            return core.turn_away(conn, exchange);
        }
        core.switch(conn, exchange.headers, exchange.subprotocol);
        self.end_abandonment();
        let by = core.common.now + core.config.upgrade_timeout();
        self.probe = Some(Probe::new(conn, exchange.binary, by));
    }

    /// A frame came. If it completes the upgrade, gives the state that replaces this one.
    pub(super) fn handle_frame(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        frame: Frame,
    ) -> Option<Framed> {
        let probe = self.probe.as_mut().filter(|probe| probe.conn == conn)?;
        match probe.handle_frame(core, frame) {
            Progress::Repeated => None,
            Progress::Begun => {
                if let Some(get) = &mut self.get {
                    get.noop_at = Some(core.common.now);
                }
                None
            }
            Progress::Failed => {
                self.abandon_probe(core, |_| ProbeFailure::Unexpected);
                None
            }
            Progress::Upgraded(framed) => {
                // A client that keeps to the protocol has nothing under way here.
                self.leave(core, Packet::Noop);
                Some(framed)
            }
        }
    }

    /// The probe came to nothing. Polling goes on as if it had never been.
    fn abandon_probe(&mut self, core: &mut Core, how: impl FnOnce(&Probe) -> ProbeFailure) {
        if let Some(probe) = self.probe.take() {
            if let Some(get) = &mut self.get {
                get.noop_at = None;
            }
            core.turned_away = Some((probe.conn, TurnedAway::Probe(how(&probe))));
            core.hang_up(probe.conn, CloseCode::NORMAL);
        }
    }

    /// A GET, a POST or the probe can't go on.
    pub(super) fn fail(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        why: Failure,
    ) -> Result<(), ServerCloseReason> {
        if self.probe.as_ref().is_some_and(|probe| probe.conn == conn) {
            self.abandon_probe(core, |probe| match why {
                Failure::Malformed | Failure::TooLarge => ProbeFailure::Unexpected,
                Failure::Gone | Failure::Closed(_) | Failure::TimedOut if probe.is_probed() => {
                    ProbeFailure::GoneProbed
                }
                Failure::Gone | Failure::Closed(_) | Failure::TimedOut => ProbeFailure::Gone,
            });
        } else if let Some(get) = self.get.take_if(|get| get.conn == conn) {
            return self.get_failed(core, get, why);
        } else if let Some(post) = self.post.take_if(|post| post.conn == conn) {
            let was_receiving = post.is_receiving();
            self.post = post.fail(core, why)?;
            self.has_overflowed |= was_receiving && why == Failure::TooLarge;
        }
        Ok(())
    }

    fn get_failed(
        &mut self,
        core: &mut Core,
        get: Get,
        why: Failure,
    ) -> Result<(), ServerCloseReason> {
        let is_handshake = get.is_handshake();
        if let Some(violation) = why.violation() {
            get.refuse(core, violation.into());
        }
        if is_handshake {
            // The client doesn't know the sid.
            return Err(ServerCloseReason::TransportLost);
        }
        let by = core.common.now + core.config.poll_grace();
        self.absence = Some((by, ServerCloseReason::TransportLost));
        Ok(())
    }

    /// Whether there is something for this connection.
    pub(super) fn has_transmit(&self, core: &Core, heartbeat: &Heartbeat, conn: ConnId) -> bool {
        let is_it = |get: &Get| get.conn == conn && get.is_answerable(core, heartbeat);
        self.get.as_ref().is_some_and(is_it)
            || self.probe.as_ref().is_some_and(|probe| probe.conn == conn && probe.owes_pong())
    }

    /// The next thing for this connection, and the reason if the session ends with it.
    pub(super) fn next(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
        conn: ConnId,
    ) -> (Option<Transmit>, Option<ServerCloseReason>) {
        let is_it = |get: &mut Get| get.conn == conn && get.is_answerable(core, heartbeat);
        if let Some(get) = self.get.take_if(is_it) {
            let (response, end) = get.answer(core, heartbeat, &self.style);
            return (Some(Transmit::Respond(response)), end);
        }
        let probe = self.probe.as_mut().filter(|probe| probe.conn == conn);
        (probe.and_then(|probe| probe.pong(core)), None)
    }

    /// Messages are queued: the GET that waits may wait for more of them.
    pub(super) fn start_hold(&mut self, core: &Core) {
        if let Some(get) = self.get.as_mut().filter(|_| !core.common.outbox.is_empty()) {
            get.start_hold(core.common.now);
        }
    }

    /// Answers the GET that waits.
    pub(super) const fn answer_get(&mut self, now: Instant) {
        if let Some(get) = &mut self.get {
            get.noop_at = Some(now);
        }
    }

    /// Gives a POST its `ok` as soon as the application keeps up.
    pub(super) fn release_post(&mut self, core: &mut Core) {
        let is_probed = self.probe.as_ref().is_some_and(Probe::is_probed);
        if let Some(post) = self.post.take_if(|post| post.is_free(core, is_probed)) {
            post.release(core);
        }
    }

    /// Whether a client waits for its `ok` because the application is slow.
    pub(super) fn withholds(&self) -> bool {
        self.post.as_ref().is_some_and(|post| !post.is_receiving())
    }

    /// Whether the last POST was longer than `max_payload`.
    pub(super) const fn has_overflowed(&self) -> bool {
        self.has_overflowed
    }

    /// The WebSocket that is to take over.
    pub(super) fn probe(&self) -> Option<ConnId> {
        self.probe.as_ref().map(|probe| probe.conn)
    }

    /// The client has followed its handshake.
    fn end_abandonment(&mut self) {
        self.absence.take_if(|(_, reason)| *reason == ServerCloseReason::Abandoned);
    }

    /// The session ends for this reason. Each of its connections gets an answer or a hang-up.
    pub(super) fn end(&mut self, core: &mut Core, reason: &ServerCloseReason) {
        if let Some(probe) = self.probe.take() {
            core.hang_up(probe.conn, CloseCode::NORMAL);
        }
        // A client that closed the session gets no close packet in return.
        let last =
            if matches!(reason, ServerCloseReason::Peer(_)) { Packet::Noop } else { Packet::Close };
        self.leave(core, last);
    }

    /// Answers the GET and the POST when polling ends.
    fn leave(&mut self, core: &mut Core, last: Packet) {
        if let Some(get) = self.get.take() {
            get.leave(core, &self.style, last);
        }
        if let Some(post) = self.post.take() {
            post.leave(core);
        }
    }

    /// The next timer, and when it is due.
    pub(super) fn next_timer(&self, now: Instant) -> Option<(Instant, PollingTimer)> {
        let Self { get, post, absence, probe, .. } = self;
        let absence = absence.as_ref().map(|(by, _)| (*by, PollingTimer::Absence));
        let post = post.as_ref().and_then(|post| post.timer(now)).map(|(at, wait)| match wait {
            Wait::Body => (at, PollingTimer::Body),
            Wait::Ok => (at, PollingTimer::Answer),
        });
        let get = get.as_ref().and_then(|get| get.timer(now)).map(|at| (at, PollingTimer::Answer));
        let probe = probe.as_ref().map(|probe| (probe.by, PollingTimer::Upgrade));
        [post, get, probe].into_iter().fold(absence, sooner)
    }

    /// A timer is due.
    pub(super) fn expire(
        &mut self,
        core: &mut Core,
        timer: PollingTimer,
    ) -> Result<(), ServerCloseReason> {
        match timer {
            PollingTimer::Answer => Ok(()),
            PollingTimer::Absence => self.absence.take().map_or(Ok(()), |(_, reason)| Err(reason)),
            PollingTimer::Body => {
                if let Some(post) = self.post.take() {
                    post.refuse(core, Violation::SlowBody.into());
                }
                Err(Violation::SlowBody.into())
            }
            PollingTimer::Upgrade => {
                self.abandon_probe(core, |probe| {
                    if probe.is_probed() {
                        ProbeFailure::SilentProbed
                    } else {
                        ProbeFailure::Silent
                    }
                });
                Ok(())
            }
        }
    }
}
