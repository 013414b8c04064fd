//! One session from the client's end: its sources, its sinks, and its end.

use alloc::sync::Arc;

use super::close::ClientCloseReason;
use super::config::ClientConfig;
use super::core::Core;
use super::io::{Connect, Event, Input, Transmit};
use super::opening::{Opened, Opening, failure};
use super::timers::Timer;
use super::transport::{Closed, Open, State};
use crate::any_session::{FramedTransmit, any_session};
use crate::codec::HandshakeData;
use crate::common_state::CommonState;
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::http::Response;
use crate::inbox::Inbox;
use crate::outbox::{Outbox, Outgoing, SendError};
use crate::revision::Revision;
use crate::sid::Sid;
use crate::time::{Instant, sooner};
use crate::transport::Transport;

/// The client's end of one session, from the first request on.
///
/// It does no I/O and reads no clock. Its driver tells it what happened, and then asks it what
/// to do:
///
/// - **Sources**: [`handle_input`](Self::handle_input) for the network,
///   [`handle_timeout`](Self::handle_timeout) for the clock, and for the application
///   [`send`](Self::send) and [`close`](Self::close).
/// - **Sinks**: [`poll_connect`](Self::poll_connect) for what to start,
///   [`poll_transmit`](Self::poll_transmit), one for each connection,
///   [`poll_timeout`](Self::poll_timeout) for the clock and
///   [`poll_event`](Self::poll_event) for the application.
/// - **Getters** for what can go on: [`has_connect`](Self::has_connect),
///   [`has_transmit`](Self::has_transmit), [`has_event`](Self::has_event),
///   [`is_writable`](Self::is_writable), [`wants_input`](Self::wants_input),
///   [`is_closed`](Self::is_closed).
///
/// Every call that takes `&mut self` may change every sink: ask all of them again.
/// A call for a connection that the session no longer needs is a race and not an
/// error: it changes nothing. Once the session [is closed](Self::is_closed), drop it when
/// each of its connections has pulled the rest from `poll_transmit`.
#[derive(Debug)]
pub struct Session {
    core: Core,
    state: State,
}

impl Session {
    /// A session that is about to connect. `seed` makes the requests of one session differ
    /// from those of another; it need not be a secret.
    pub fn connect(config: &Arc<ClientConfig>, now: Instant, seed: u64) -> Self {
        let outbox = Outbox::new(config.outbox_high_water(), config.outbox_low_water());
        let inbox = Inbox::new(config.inbox_high_water(), usize::MAX);
        let common = CommonState::new(now, config.revision().first(), outbox, inbox);
        let core = Core::new(config, common, seed);
        let state = State::Opening(Opening::new(&core));
        Self { core, state }
    }

    /// Takes in a fact about the network. Never fails: a server's mistake is a fact too, and its
    /// consequences come out of the sinks.
    ///
    /// `now` may be a little older than the last one: the latest counts.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.advance(now);
        match input {
            Input::Responded(conn, response) => self.responded(conn, response),
            Input::Upgraded(conn) => {
                if let State::Open(open) = &mut self.state {
                    open.switched(conn);
                }
            }
            Input::Frame(conn, frame) => self.frame(conn, frame),
            Input::Failed(conn, why) => self.failed(conn, why),
        }
        self.settle();
    }

    /// Lets time pass. Early, late and repeated calls are harmless. Call it before
    /// [`send`](Self::send) if the last call of any kind is a while ago: a machine that
    /// slept finds out here that the session is over.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
    }

    /// Queues a message or a batch for the server and gives the position of its last
    /// message: it has left when [`handed_over`](Self::handed_over) has come so far. May be
    /// called before the session is open.
    ///
    /// It is taken whole or not at all. While the session is writable a batch of any size
    /// is taken, so what waits may exceed the high-water mark by one batch. A
    /// [volatile](Outgoing::volatile) message that finds no room is dropped without an
    /// error, and the position is that of the newest message before it.
    ///
    /// # Errors
    ///
    /// All give the message back. [`SendError::Full`] while the session isn't
    /// [writable](Self::is_writable); [`SendError::Closed`] once it closes;
    /// [`SendError::TooLarge`] if the message is longer than the server accepts according to its
    /// handshake. (Before the handshake that isn't known: then the server refuses the message
    /// and the session ends.)
    pub fn send(&mut self, outgoing: impl Into<Outgoing>) -> Result<u64, SendError> {
        let outgoing = outgoing.into();
        if self.is_closing() {
            return Err(SendError::Closed(outgoing));
        }
        if let State::Open(open) = &self.state
            && let Some(max) = open.handshake.max_payload
            && outgoing.messages().iter().any(|message| open.size_of(&self.core, message) > max)
        {
            return Err(SendError::TooLarge(outgoing, max));
        }
        self.core.common.send(outgoing)
    }

    /// Ends the session when everything that is queued has left, at the latest after
    /// [`close_timeout`](ClientConfig::close_timeout). Until then nothing can be sent, and
    /// messages of the server are dropped. A session that isn't open yet opens first, and
    /// an upgrade is given up. A repeated call changes nothing.
    pub fn close(&mut self, now: Instant) {
        self.advance(now);
        if !self.is_closing() {
            let until = self.core.common.now + self.core.config.close_timeout();
            self.core.common.close(until, ClientCloseReason::Application, false);
            if let State::Open(open) = &mut self.state {
                open.abandon_probe(&mut self.core);
            }
        }
        self.settle();
    }

    /// Ends the session at once; queued messages are lost, and the server isn't told.
    pub fn abort(&mut self, now: Instant) {
        self.advance(now);
        self.finish(ClientCloseReason::Application);
    }

    /// The next connection to start, if there is one, and its identifier.
    ///
    /// A POST takes its messages out of the outbox now: start it in any case, and report
    /// [`Input::Failed`] if that isn't possible.
    pub fn poll_connect(&mut self) -> Option<(ConnId, Connect)> {
        let connect = match &mut self.state {
            State::Opening(opening) => opening.poll_connect(&mut self.core),
            State::Open(open) => open.poll_connect(&mut self.core),
            State::Closed(_) => None,
        };
        self.settle();
        connect
    }

    /// The next thing to write to this connection, if there is one.
    pub fn poll_transmit(&mut self, conn: ConnId) -> Option<Transmit> {
        if let Some(hangup) = self.core.hangups.take(conn) {
            return Some(hangup);
        }
        let State::Open(open) = &mut self.state else { return None };
        let (transmit, end) = open.next(&mut self.core, conn);
        if let Some(reason) = end {
            self.finish(reason);
        }
        self.settle();
        transmit
    }

    /// The next thing to write to an upgraded connection.
    fn poll_framed(&mut self, conn: ConnId) -> Option<FramedTransmit> {
        Some(match self.poll_transmit(conn)? {
            Transmit::Frame(frame) => FramedTransmit::Frame(frame),
            Transmit::Hangup(code) => FramedTransmit::Hangup(code),
        })
    }

    /// The next event for the application, if there is one.
    ///
    /// Call [`handle_timeout`](Self::handle_timeout) before it if the last call of any kind is a
    /// while ago. While the application took nothing, the wait for the server's heartbeat stood
    /// still, and the session has to know until when.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.core.common.inbox.pop();
        self.settle();
        event
    }

    /// When to call [`handle_timeout`](Self::handle_timeout). A session always has such
    /// a time until it is closed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_timer().map(|(at, _)| at)
    }

    /// Whether [`poll_connect`](Self::poll_connect) has something.
    pub fn has_connect(&self) -> bool {
        match &self.state {
            State::Opening(opening) => opening.has_connect(),
            State::Open(open) => open.has_connect(&self.core),
            State::Closed(_) => false,
        }
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something for this connection.
    pub fn has_transmit(&self, conn: ConnId) -> bool {
        self.core.hangups.has(conn)
            || match &self.state {
                State::Open(open) => open.has_transmit(&self.core, conn),
                State::Opening(_) | State::Closed(_) => false,
            }
    }

    /// Whether a [`Transmit::Hangup`] waits for this connection.
    pub fn is_hung_up(&self, conn: ConnId) -> bool {
        self.core.hangups.has(conn)
    }

    /// Whether [`poll_event`](Self::poll_event) has something.
    pub fn has_event(&self) -> bool {
        !self.core.common.inbox.is_empty()
    }

    /// Whether [`send`](Self::send) takes messages: less waits than
    /// [`outbox_high_water`](ClientConfig::outbox_high_water), and since the last time that
    /// it was more, it has sunk to [`outbox_low_water`](ClientConfig::outbox_low_water).
    pub fn is_writable(&self) -> bool {
        self.core.common.outbox.is_writable() && !self.is_closing()
    }

    /// Whether to read on from a WebSocket. When not, the application has to take events
    /// first: more than [`inbox_high_water`](ClientConfig::inbox_high_water) bytes wait for it.
    /// Always true of requests: there, the next poll isn't started instead.
    pub fn wants_input(&self, conn: ConnId) -> bool {
        match &self.state {
            State::Open(open) => !open.is_carried_by(conn) || self.core.common.inbox.has_room(),
            State::Opening(_) | State::Closed(_) => true,
        }
    }

    /// Whether the session is over, or will be when all that is queued has left.
    /// Nothing can be sent then.
    pub const fn is_closing(&self) -> bool {
        self.core.common.is_closing() || self.is_closed()
    }

    /// Whether the session is over. Doesn't wait for anybody to read
    /// [`Event::Closed`].
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed(_))
    }

    /// Why the session is over; `None` while it isn't.
    pub const fn close_reason(&self) -> Option<&ClientCloseReason> {
        match &self.state {
            State::Opening(_) | State::Open(_) => None,
            State::Closed(closed) => Some(&closed.reason),
        }
    }

    /// Up to which position messages have left: a request or a WebSocket took them, or they
    /// were dropped in favour of a newer one of their key.
    pub const fn handed_over(&self) -> u64 {
        self.core.common.outbox.handed_over()
    }

    /// The position of the newest message: how many were ever queued.
    pub const fn accepted(&self) -> u64 {
        self.core.common.outbox.accepted()
    }

    /// How many bytes of messages wait to leave, with a charge for each message's place in
    /// the queue. This is what the two marks of the outbox are compared with.
    pub const fn queued_bytes(&self) -> usize {
        self.core.common.outbox.bytes()
    }

    /// The handshake with which the server opened the session; `None` before.
    pub const fn handshake(&self) -> Option<&HandshakeData> {
        match &self.state {
            State::Opening(_) => None,
            State::Open(open) => Some(&open.handshake),
            State::Closed(closed) => closed.handshake.as_ref(),
        }
    }

    /// The identifier that the server gave the session; `None` before it is open.
    pub fn sid(&self) -> Option<&Sid> {
        self.handshake().map(|handshake| &handshake.sid)
    }

    /// The revision that is spoken, or tried.
    pub const fn revision(&self) -> Revision {
        self.core.common.revision
    }

    /// The transport that messages travel on, or that is tried; `None` once it is over.
    pub const fn transport(&self) -> Option<Transport> {
        match &self.state {
            State::Opening(opening) => Some(opening.transport),
            State::Open(open) => Some(open.transport()),
            State::Closed(_) => None,
        }
    }

    /// Does everything that is due by `now`, in the order in which it became due.
    fn advance(&mut self, now: Instant) {
        if now <= self.core.common.now {
            return; // Every wait is longer than zero, so nothing new is due.
        }
        while let Some(timer) = self.core.common.due(self.next_timer(), now) {
            self.expire(timer, now);
            self.settle();
        }
        self.core.common.now = now;
    }

    fn expire(&mut self, timer: Timer, now: Instant) {
        match (timer, &mut self.state) {
            (Timer::Open, State::Opening(_)) => {
                // The next transport has its whole time from now on.
                self.core.common.now = now;
                self.attempt_failed(ClientCloseReason::ConnectTimeout);
            }
            (Timer::Heartbeat, State::Open(open)) => {
                let outcome = open.expire_heartbeat(now);
                self.conclude(outcome);
            }
            (Timer::Upgrade, State::Open(open)) => open.abandon_probe(&mut self.core),
            (Timer::Close, _) => {
                let reason = self.core.common.take_closing();
                self.finish(reason.unwrap_or(ClientCloseReason::Application));
            }
            (Timer::Open | Timer::Heartbeat | Timer::Upgrade, _) => {}
        }
    }

    /// The next timer, and when it is due.
    fn next_timer(&self) -> Option<(Instant, Timer)> {
        let next = match &self.state {
            State::Opening(opening) => Some((opening.by, Timer::Open)),
            State::Open(open) => open.next_timer(),
            State::Closed(_) => return None,
        };
        let close = self.core.common.closing().map(|closing| (closing.until, Timer::Close));
        sooner(next, close)
    }

    /// A frame came over an upgraded connection.
    fn handle_frame(&mut self, now: Instant, conn: ConnId, frame: Frame) {
        self.handle_input(now, Input::Frame(conn, frame));
    }

    /// A machine that slept finds out at any call that the session is over.
    #[expect(clippy::unused_self, reason = "the server's session looks at its state")]
    const fn depends_on_time(&self) -> bool {
        true
    }

    fn catch_up(&mut self, now: Instant) {
        self.advance(now);
    }

    fn responded(&mut self, conn: ConnId, response: Response) {
        match &mut self.state {
            State::Opening(opening) if opening.is(conn) => {
                let outcome = opening.responded(&self.core, response);
                self.attempted(outcome);
            }
            State::Open(open) => {
                let outcome = open.responded(&mut self.core, conn, response);
                self.conclude(outcome);
            }
            State::Opening(_) | State::Closed(_) => {}
        }
        self.core.hangups.forget(conn);
    }

    fn frame(&mut self, conn: ConnId, frame: Frame) {
        match &mut self.state {
            State::Opening(opening) if opening.is(conn) => {
                let outcome = opening.handle_frame(&self.core, conn, frame);
                self.attempted(outcome);
            }
            State::Open(open) => {
                let outcome = open.handle_frame(&mut self.core, conn, frame);
                self.conclude(outcome);
            }
            State::Opening(_) | State::Closed(_) => {}
        }
    }

    fn failed(&mut self, conn: ConnId, why: Failure) {
        match &mut self.state {
            State::Opening(opening) if opening.is(conn) => self.attempt_failed(failure(why)),
            State::Open(open) => {
                let outcome = open.fail(&mut self.core, conn, why);
                self.conclude(outcome);
            }
            State::Opening(_) | State::Closed(_) => {}
        }
        if why == Failure::Gone {
            self.core.hangups.forget(conn);
        }
    }

    fn attempted(&mut self, outcome: Result<Opened, ClientCloseReason>) {
        match outcome {
            Ok(opened) => self.opened(opened),
            Err(reason) => self.attempt_failed(reason),
        }
    }

    /// The session is open.
    fn opened(&mut self, opened: Opened) {
        let mut open = Open::new(&self.core, &opened);
        let Opened { handshake, packets, .. } = opened;
        self.core.common.inbox.push(Event::Opened(handshake));
        let outcome = open.handle_packets(&mut self.core, packets);
        self.state = State::Open(open);
        self.conclude(outcome);
    }

    /// The handshake failed on the transport that was tried.
    fn attempt_failed(&mut self, reason: ClientCloseReason) {
        if let State::Opening(opening) = &mut self.state {
            let outcome = opening.retry(&mut self.core, reason);
            self.conclude(outcome);
        }
    }

    /// Ends the session if the outcome is a reason to.
    fn conclude(&mut self, outcome: Result<(), ClientCloseReason>) {
        if let Err(reason) = outcome {
            self.finish(reason);
        }
    }

    /// Ends the session, whatever its state is, and gives up its connections.
    fn finish(&mut self, reason: ClientCloseReason) {
        let code = reason.code();
        let handshake = match &mut self.state {
            State::Opening(opening) => {
                opening.give_up(&mut self.core, code);
                None
            }
            State::Open(open) => {
                open.end(&mut self.core, code);
                Some(open.handshake.clone())
            }
            State::Closed(_) => return,
        };
        self.core.common.end(Event::Closed(reason.clone()));
        self.state = State::Closed(Closed { reason, handshake });
    }

    fn settle(&mut self) {
        if let State::Open(open) = &mut self.state {
            open.settle(&mut self.core);
        }
    }
}

any_session!(Session, Input, ClientCloseReason, Session::poll_framed);
