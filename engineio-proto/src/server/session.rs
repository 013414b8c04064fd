//! One session: its sources, its sinks, and its end.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
#[cfg(feature = "metrics")]
use core::time::Duration;

use super::cause::RefusalCause;
use super::core::Core;
use super::exchange::Opening;
use super::framed::Framed;
use super::get::{First, Get};
use super::io::{Event, Input, Transmit};
use super::polling::Polling;
use super::refusal::Refusal;
use super::replies::Replies;
use super::timers::Timer;
use super::transport::{Channel, Open, State};
use crate::any_session::{FramedTransmit, any_session};
use crate::attachments::Attachment;
use crate::close::ServerCloseReason;
use crate::codec::encode_frame;
use crate::common_state::CommonState;
use crate::config::ServerConfig;
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::http::Headers;
use crate::inbox::Inbox;
use crate::outbox::{Outbox, Outgoing, SendError};
use crate::revision::Revision;
use crate::sid::Sid;
#[cfg(feature = "metrics")]
use crate::tally::Traffic;
use crate::time::Instant;
use crate::transport::Transport;

/// The server's end of one session.
///
/// It does no I/O and reads no clock. Its driver tells it what happened, and then asks it what
/// to do:
///
/// - **Sources**: [`handle_input`](Self::handle_input) for the network,
///   [`handle_timeout`](Self::handle_timeout) for the clock, and for the application
///   [`send`](Self::send), [`close`](Self::close), [`shutdown`](Self::shutdown) and
///   [`abort`](Self::abort).
/// - **Sinks**: [`poll_transmit`](Self::poll_transmit), one for each connection,
///   [`poll_timeout`](Self::poll_timeout) for the clock and
///   [`poll_event`](Self::poll_event) for the application.
/// - **Getters** for what can go on: [`has_transmit`](Self::has_transmit),
///   [`has_event`](Self::has_event), [`is_writable`](Self::is_writable),
///   [`wants_input`](Self::wants_input), [`is_closed`](Self::is_closed).
///
/// Every call that takes `&mut self` may change every sink: ask all of them again.
/// A call for a connection that the session doesn't know, or no longer knows, is a race
/// and not an error: it changes nothing. Once the session [is closed](Self::is_closed),
/// drop it when each of its connections has pulled the rest from `poll_transmit`.
#[derive(Debug)]
pub struct Session {
    core: Core,
    state: State,
}

impl Session {
    /// Opens the session that a handshake asked for. `conn` is the handshake's own
    /// request, and its answer can be pulled at once: the answer to a poll with the
    /// open packet, or the 101 of a WebSocket and then the open packet as its first
    /// frame, each with what the application added to the [`Opening`].
    ///
    /// `sid` must not be in use by another session. A client that doesn't follow up its
    /// handshake over polling with another request within
    /// [`ping_timeout`](ServerConfig::ping_timeout) loses the session.
    pub fn open(
        config: &Arc<ServerConfig>,
        opening: Opening,
        sid: Sid,
        conn: ConnId,
        now: Instant,
    ) -> Self {
        let revision = opening.revision;
        let outbox = Outbox::new(config.outbox_high_water(), config.outbox_low_water());
        let inbox = Inbox::new(config.inbox_high_water(), config.inbox_limit());
        let mut core = Core {
            config: Arc::clone(config),
            sid,
            common: CommonState::new(now, revision, outbox, inbox),
            replies: Replies::default(),
            turned_away: None,
            couples_input: false,
            is_input_held: false,
        };
        // An empty outbox takes a batch of any size.
        let _ = core.common.outbox.push(Outgoing::batch(opening.messages));
        let mut headers = opening.headers;
        if let Some(cookie) = config.cookie() {
            headers.push("set-cookie", cookie.header(&core.sid));
        }
        let style = opening.style;
        let channel = match opening.transport {
            Transport::Polling => {
                let first = First {
                    last: core.common.outbox.accepted(),
                    offers_upgrades: opening.offers_upgrades && config.can_upgrade(),
                };
                let handshake = Get::handshake(conn, headers, opening.coding, first);
                let by = now + config.ping_timeout();
                Channel::Polling(Box::new(Polling::new(style, handshake, by)))
            }
            Transport::WebSocket => {
                core.switch(conn, headers, opening.subprotocol);
                let open = encode_frame(revision, core.open_packet(Vec::new()), style.binary);
                core.replies.push(conn, Transmit::Frame(open));
                Channel::Framed(Framed::new(conn, style.binary))
            }
        };
        let (interval, timeout) = (config.ping_interval(), config.ping_timeout());
        let heartbeat = Heartbeat::new(revision.server_pings(), interval, timeout, now);
        Self { core, state: State::Open(Open { heartbeat, stall: None, channel }) }
    }

    /// Makes the session read only while its outbox has room. While the outbox is above
    /// [`outbox_high_water`](ServerConfig::outbox_high_water), a WebSocket isn't read, and the
    /// `ok` of a POST is withheld as it is for a full inbox. A peer that takes nothing for
    /// [`stall_timeout`](ServerConfig::stall_timeout) loses the session, as
    /// [overloaded](ServerCloseReason::Overloaded).
    ///
    /// This is for an application that handles messages in the task that carries the connection:
    /// it can't wait for room there.
    pub const fn couple_input(&mut self) {
        self.core.couples_input = true;
    }

    /// Says that the driver doesn't read the session's WebSocket for now, or reads it again. What
    /// the peer sends isn't seen meanwhile, so the wait for its pong stands still.
    pub fn hold_input(&mut self, now: Instant, is_held: bool) {
        self.advance(now);
        self.core.is_input_held = is_held;
        if let State::Open(open) = &mut self.state {
            open.settle_all(&mut self.core);
        }
    }

    /// Whether [input is held](Self::hold_input).
    pub const fn is_input_held(&self) -> bool {
        self.core.is_input_held
    }

    /// Refuses the body of the POST on this connection, which isn't complete, because there is no
    /// memory for it. The client is asked to come back after so many seconds. The session goes on.
    pub fn refuse_body(&mut self, now: Instant, conn: ConnId, retry_after: u64) {
        self.advance(now);
        if let State::Open(Open { channel: Channel::Polling(polling), .. }) = &mut self.state {
            polling.refuse_body(&mut self.core, Some(conn), retry_after);
        }
        self.settle();
    }

    /// Ends the session at once as [overloaded](ServerCloseReason::Overloaded), because there is no
    /// memory for it. All that waits is lost, also for the application. A POST whose body isn't
    /// complete is refused as by [`refuse_body`](Self::refuse_body).
    pub fn shed(&mut self, now: Instant, retry_after: u64) {
        self.advance(now);
        if let State::Open(Open { channel: Channel::Polling(polling), .. }) = &mut self.state {
            polling.refuse_body(&mut self.core, None, retry_after);
        }
        if !self.is_closed() {
            self.core.common.inbox.drop_messages();
        }
        self.finish(ServerCloseReason::Overloaded);
    }

    /// Takes in a fact about the network. Never fails: a peer's mistake is a fact too, and its
    /// consequences come out of the sinks.
    ///
    /// `now` may be a little older than the last one: the latest counts.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.advance(now);
        match (&mut self.state, input) {
            (State::Open(open), Input::Request(conn, exchange)) => {
                let outcome = open.request(&mut self.core, conn, exchange);
                self.conclude(outcome);
            }
            (State::Open(open), Input::Body(conn, body)) => {
                let outcome = open.body(&mut self.core, conn, body);
                self.conclude(outcome);
            }
            (State::Open(_), Input::Frame(conn, frame)) => self.frame(conn, frame),
            (State::Closed(_), Input::Request(conn, exchange)) => {
                self.core.refuse(conn, exchange.headers, RefusalCause::UnknownSession);
            }
            (State::Closed(_), Input::Body(..) | Input::Frame(..)) => {}
            (State::Open(_) | State::Closed(_), Input::Failed(conn, why)) => self.failed(conn, why),
        }
        self.settle();
    }

    /// Lets time pass. Early, late and repeated calls are harmless. Call it before
    /// [`send`](Self::send) if the last call of any kind is a while ago.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
    }

    /// Queues a message or a batch for the peer and gives the position of its last
    /// message: it has left when [`handed_over`](Self::handed_over) has come so far.
    ///
    /// It is taken whole or not at all. While the session is writable a batch of any size
    /// is taken, so what waits may exceed the high-water mark by one batch. A
    /// [volatile](Outgoing::volatile) message that finds no room is dropped without an
    /// error, and the position is that of the newest message before it.
    ///
    /// # Errors
    ///
    /// Both give the message back. [`SendError::Full`] while the session isn't
    /// [writable](Self::is_writable); [`SendError::Closed`] once it closes.
    pub fn send(&mut self, outgoing: impl Into<Outgoing>) -> Result<u64, SendError> {
        let outgoing = outgoing.into();
        let State::Open(open) = &mut self.state else { return Err(SendError::Closed(outgoing)) };
        let position = self.core.common.send(outgoing)?;
        if let Channel::Polling(polling) = &mut open.channel {
            polling.start_hold(&self.core);
        }
        if self.core.couples_input {
            self.settle();
        }
        Ok(position)
    }

    /// Attaches something of the driver's to the message at this position, which `send` has given,
    /// unless it has left. A [framed transport](crate::FramedSession::take_attachment) gives it
    /// back with the message's frame. Attach in the order of sending.
    pub fn attach(&mut self, position: u64, attachment: Attachment) {
        self.core.common.outbox.attach(position, attachment);
    }

    /// Ends the session when everything that is queued has left, at the latest after
    /// [`close_timeout`](ServerConfig::close_timeout). Until then nothing can be sent, messages
    /// of the peer are dropped, and an upgrade that has begun may still complete. A
    /// repeated call changes nothing.
    pub fn close(&mut self, now: Instant) {
        self.end(now, ServerCloseReason::Application);
    }

    /// Like [`close`](Self::close), because the server stops: a WebSocket gets the
    /// code 1001.
    pub fn shutdown(&mut self, now: Instant) {
        self.end(now, ServerCloseReason::Shutdown);
    }

    /// Ends the session at once with this reason; queued messages are lost. A poll that waits
    /// gets the close packet, a WebSocket a hang-up.
    /// Does nothing to a session that is over.
    pub fn abort(&mut self, now: Instant, reason: ServerCloseReason) {
        self.advance(now);
        self.finish(reason);
    }

    fn end(&mut self, now: Instant, reason: ServerCloseReason) {
        self.advance(now);
        if !self.is_closed() {
            let until = self.core.common.now + self.core.config.close_timeout();
            self.core.common.close(until, reason);
        }
        self.settle();
    }

    /// The next thing to write to this connection, if there is one.
    ///
    /// The answer to a poll is made now, from all that waits now. Messages that aren't pulled
    /// stay for another connection.
    pub fn poll_transmit(&mut self, conn: ConnId) -> Option<Transmit> {
        if let Some(reply) = self.core.replies.take(conn) {
            return Some(reply);
        }
        let transmit = self.next_transmit(conn);
        if self.core.couples_input && transmit.is_some() {
            self.put_off_stall();
        }
        self.settle();
        transmit
    }

    /// The next thing to write to an upgraded connection, which never gets an answer to a
    /// request.
    fn poll_framed(&mut self, conn: ConnId) -> Option<FramedTransmit> {
        let Self { core, state } = self;
        if let State::Open(Open { heartbeat, stall: None, channel: Channel::Framed(framed) }) =
            state
            && framed.conn == conn
            && core.replies.is_empty()
            && !core.common.is_closing()
        {
            // The usual case: there is nothing but packets, and what is taken changes no wait.
            return framed.next_frame(core, heartbeat).map(FramedTransmit::Frame);
        }
        loop {
            match self.poll_transmit(conn)? {
                Transmit::Frame(frame) => return Some(FramedTransmit::Frame(frame)),
                Transmit::Hangup(code) => return Some(FramedTransmit::Hangup(code)),
                Transmit::Respond(_) | Transmit::Refuse(_) | Transmit::Upgrade(_) => {}
            }
        }
    }

    /// The WebSocket that got its 101 and hasn't taken over yet.
    pub fn probe(&self) -> Option<ConnId> {
        match &self.state {
            State::Open(Open { channel: Channel::Polling(polling), .. }) => polling.probe(),
            State::Open(_) | State::Closed(_) => None,
        }
    }

    /// The last WebSocket that was turned away after its 101, for logs: one too many, or one that
    /// didn't complete its upgrade. Other refusals are a [`Transmit::Refuse`].
    pub fn poll_turned_away(&mut self) -> Option<(ConnId, Refusal)> {
        let (conn, why) = self.core.turned_away.take()?;
        Some((conn, Refusal::new(why.into(), Headers::new())))
    }

    /// The next event for the application, if there is one.
    ///
    /// Ask until there is none. `None` also says that the application has dealt with the
    /// last message: until then, at most for 5 ms, a waiting poll isn't answered with
    /// messages, since the application may be about to send more.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.core.common.inbox.pop();
        self.put_off_stall();
        self.settle();
        event
    }

    /// Moves up to 64 events to the end of `events`, as [`poll_event`](Self::poll_event) would give
    /// them one by one.
    ///
    /// The session takes the application to be at work on them until it asks for events again.
    /// Until then their messages count as waiting. Call [`note_progress`](Self::note_progress)
    /// meanwhile, so that an application that takes its time isn't taken for a stalled one.
    pub fn poll_events(&mut self, events: &mut VecDeque<Event>) {
        self.core.common.inbox.lend(events);
        self.put_off_stall();
        self.settle();
    }

    /// Takes back events that [`poll_events`](Self::poll_events) gave and the application didn't
    /// come to. They are the next ones again, and `events` is empty.
    pub fn return_events(&mut self, events: &mut VecDeque<Event>) {
        self.core.common.inbox.put_back(events);
    }

    /// Says that the application has dealt with one of several events that
    /// [`poll_events`](Self::poll_events) gave it: it has
    /// [`stall_timeout`](ServerConfig::stall_timeout) for the next one.
    pub fn note_progress(&mut self, now: Instant) {
        if let State::Open(Open { stall: Some(stall), .. }) = &mut self.state {
            *stall = now + self.core.config.stall_timeout();
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout). An open session always
    /// has such a time, a closed one never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_timer().map(|(at, _)| at)
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something for this connection.
    pub fn has_transmit(&self, conn: ConnId) -> bool {
        self.core.replies.has(conn)
            || match &self.state {
                State::Open(open) => open.has_transmit(&self.core, conn),
                State::Closed(_) => false,
            }
    }

    /// Whether a [`Transmit::Hangup`] waits for this connection, after what
    /// [`poll_transmit`](Self::poll_transmit) still has for it. A peer that doesn't take it must
    /// not keep the connection for ever.
    pub fn is_hung_up(&self, conn: ConnId) -> bool {
        self.core.replies.has_hangup(conn)
    }

    /// Whether [`poll_event`](Self::poll_event) has something.
    pub fn has_event(&self) -> bool {
        !self.core.common.inbox.is_empty()
    }

    /// Whether [`send`](Self::send) takes messages: less waits than
    /// [`outbox_high_water`](ServerConfig::outbox_high_water), and since the last time that
    /// it was more, it has sunk to [`outbox_low_water`](ServerConfig::outbox_low_water).
    pub fn is_writable(&self) -> bool {
        self.core.common.outbox.is_writable() && !self.is_closing()
    }

    /// Whether to read on from an upgraded connection. If not, the application has to take
    /// events first, because more than
    /// [`inbox_high_water`](ServerConfig::inbox_high_water) bytes wait for it; or, if
    /// [input is coupled](Self::couple_input), the peer has to take messages first; or
    /// [input is held](Self::hold_input). Always true of requests: there, the `ok` of a POST is withheld instead.
    pub fn wants_input(&self, conn: ConnId) -> bool {
        match &self.state {
            State::Open(open) => {
                let has_room = self.core.has_room() && !self.core.is_input_held;
                has_room || !open.is_carried_by(conn)
            }
            State::Closed(_) => true,
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
    pub const fn close_reason(&self) -> Option<&ServerCloseReason> {
        match &self.state {
            State::Open(_) => None,
            State::Closed(reason) => Some(reason),
        }
    }

    /// Up to which position messages have left: pulled by a connection, or dropped in
    /// favour of a newer one of their key.
    pub const fn handed_over(&self) -> u64 {
        self.core.common.outbox.handed_over()
    }

    /// The position of the newest message: how many were ever queued.
    pub const fn accepted(&self) -> u64 {
        self.core.common.outbox.accepted()
    }

    /// How many bytes of messages wait to leave, with a charge for each message's place in
    /// the queue. This is what the two marks of the outbox are compared with.
    #[inline]
    pub const fn queued_bytes(&self) -> usize {
        self.core.common.outbox.bytes()
    }

    /// How many bytes of messages wait for the application, counted in the same way. This is what
    /// the two marks of the inbox are compared with.
    #[inline]
    pub const fn unread_bytes(&self) -> usize {
        self.core.common.inbox.bytes()
    }

    /// What was carried since this was last asked for.
    #[cfg(feature = "metrics")]
    pub const fn take_traffic(&mut self) -> Traffic {
        let common = &mut self.core.common;
        Traffic::take(&mut common.inbox.received, &mut common.outbox.sent)
    }

    /// How long the client took for its last pong, from when the ping was pulled; once for each
    /// pong. Only in revision 4: in revision 3 it is the client that pings.
    #[cfg(feature = "metrics")]
    pub const fn take_round_trip(&mut self) -> Option<Duration> {
        match &mut self.state {
            State::Open(open) => open.heartbeat.round_trip.take(),
            State::Closed(_) => None,
        }
    }

    /// The identifier, by which the client names the session in every request.
    pub const fn sid(&self) -> &Sid {
        &self.core.sid
    }

    /// The revision that the client speaks.
    pub const fn revision(&self) -> Revision {
        self.core.common.revision
    }

    /// The transport that messages travel on; of a closed session, `None`.
    pub const fn transport(&self) -> Option<Transport> {
        match &self.state {
            State::Open(open) => Some(open.channel.transport()),
            State::Closed(_) => None,
        }
    }

    /// A frame came over an upgraded connection.
    fn handle_frame(&mut self, now: Instant, conn: ConnId, frame: Frame) {
        self.advance(now);
        self.frame(conn, frame);
        self.settle();
    }

    fn frame(&mut self, conn: ConnId, frame: Frame) {
        if let State::Open(open) = &mut self.state {
            let outcome = open.frame(&mut self.core, conn, frame);
            self.conclude(outcome);
        }
    }

    /// Over a WebSocket, or while no request is under way, there is only the heartbeat, until
    /// something is full or ends.
    const fn depends_on_time(&self) -> bool {
        let State::Open(Open { stall: None, channel, .. }) = &self.state else { return true };
        let is_idle = match channel {
            Channel::Framed(_) => true,
            Channel::Polling(polling) => polling.is_idle(),
        };
        !is_idle || self.core.common.is_closing()
    }

    fn catch_up(&mut self, now: Instant) {
        self.advance(now);
        self.note_progress(now);
    }

    /// Does everything that is due by `now`, in the order in which it became due.
    fn advance(&mut self, now: Instant) {
        if now <= self.core.common.now {
            return; // Every wait is longer than zero, so nothing new is due.
        }
        while let Some(timer) = self.core.common.due(self.next_timer(), now) {
            if let State::Open(open) = &mut self.state {
                let outcome = open.expire(&mut self.core, timer, now);
                self.conclude(outcome);
            }
            self.settle();
        }
        self.core.common.now = now;
    }

    fn next_timer(&self) -> Option<(Instant, Timer)> {
        match &self.state {
            State::Open(open) => open.next_timer(&self.core),
            State::Closed(_) => None,
        }
    }

    fn failed(&mut self, conn: ConnId, why: Failure) {
        if why == Failure::Gone {
            self.core.replies.forget(conn);
        }
        if let State::Open(open) = &mut self.state {
            let outcome = open.fail(&mut self.core, conn, why);
            self.conclude(outcome);
        }
        if why == Failure::Gone {
            // The connection is gone, so a reply for it would stay for ever.
            self.core.replies.forget(conn);
        }
    }

    fn next_transmit(&mut self, conn: ConnId) -> Option<Transmit> {
        let State::Open(open) = &mut self.state else { return None };
        let (transmit, end) = open.next(&mut self.core, conn);
        let Some(reason) = end else { return transmit };
        self.finish(reason);
        transmit.or_else(|| self.core.replies.take(conn))
    }

    /// Ends the session if the outcome is a reason to.
    fn conclude(&mut self, outcome: Result<(), ServerCloseReason>) {
        if let Err(reason) = outcome {
            self.finish(reason);
        }
    }

    /// Ends the session, whatever its state is. Each of its connections gets an answer or a
    /// hang-up.
    fn finish(&mut self, reason: ServerCloseReason) {
        let State::Open(open) = &mut self.state else { return };
        open.end(&mut self.core, &reason);
        let reason = open.explain(reason);
        self.core.common.end(Event::Closed(reason.clone()));
        self.state = State::Closed(reason);
    }

    fn put_off_stall(&mut self) {
        if let State::Open(open) = &mut self.state {
            open.put_off_stall(&self.core);
        }
    }

    fn settle(&mut self) {
        if let State::Open(open) = &mut self.state {
            open.settle(&mut self.core);
        }
    }
}

any_session!(Session, Input, ServerCloseReason, Session::poll_framed);
