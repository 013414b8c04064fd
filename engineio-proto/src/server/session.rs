//! One session: its sources, its sinks, and its end.

use alloc::sync::Arc;
use core::mem;

use super::exchange::{Exchange, Kind, Opening};
use super::io::{Event, Input, Transmit};
use super::refusal::{Refusal, RefusalCause};
use super::replies::Replies;
use super::transport::{Closing, Framed, Get, Polling, State};
use crate::any_session::{FramedTransmit, any_session};
use crate::close::{CloseCode, ServerCloseReason, Violation};
use crate::codec::{HandshakeData, encode_frame};
use crate::config::ServerConfig;
use crate::conn::{ConnId, Failure};
use crate::heartbeat::Heartbeat;
use crate::http::Response;
use crate::inbox::Inbox;
use crate::outbox::{Outbox, Outgoing, SendError};
use crate::packet::Packet;
use crate::revision::Revision;
use crate::sid::Sid;
use crate::time::Instant;
use crate::transport::Transport;

/// The server's end of one session.
///
/// It does no I/O and reads no clock. Whoever drives it tells it what happened, and
/// then asks it what to do:
///
/// - **Sources**: [`handle_input`](Self::handle_input) for the network,
///   [`handle_timeout`](Self::handle_timeout) for the clock, and for the application
///   [`send`](Self::send), [`close`](Self::close), [`shutdown`](Self::shutdown) and
///   [`abort`](Self::abort).
/// - **Sinks**: [`poll_transmit`](Self::poll_transmit), one for each connection,
///   [`poll_timeout`](Self::poll_timeout) for the clock and
///   [`poll_event`](Self::poll_event) for the application.
/// - **Who may go on**: [`has_transmit`](Self::has_transmit),
///   [`has_event`](Self::has_event), [`is_writable`](Self::is_writable),
///   [`wants_input`](Self::wants_input), [`is_closed`](Self::is_closed).
///
/// Every call that takes `&mut self` may change every sink: ask all of them anew.
/// A call for a connection that the session doesn't know, or not any more, is a race
/// and not an error: it changes nothing. Once [`is_closed`](Self::is_closed) says so,
/// drop the session when each of its connections got what `poll_transmit` still has
/// for it.
#[derive(Debug)]
pub struct Session {
    pub(super) config: Arc<ServerConfig>,
    pub(super) sid: Sid,
    pub(super) revision: Revision,
    /// The latest time heard of.
    pub(super) now: Instant,
    pub(super) state: State,
    pub(super) closing: Option<Closing>,
    pub(super) heartbeat: Heartbeat,
    pub(super) outbox: Outbox,
    pub(super) inbox: Inbox<Event>,
    /// The end, unless the application reads until then; armed while so much waits
    /// for it that no more is taken in.
    pub(super) stall: Option<Instant>,
    /// No more is taken in while what is to be sent finds no room.
    pub(super) couples_input: bool,
    pub(super) replies: Replies,
    /// Why the session is over, once it is.
    pub(super) close_reason: Option<ServerCloseReason>,
}

impl Session {
    /// Opens the session that a handshake asked for. `conn` is the handshake's own
    /// request, and what it gets can be pulled at once: the answer to a poll with the
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
        let mut session = Self {
            config: Arc::clone(config),
            revision,
            now,
            state: State::Closed,
            closing: None,
            heartbeat: Heartbeat::new(
                revision.server_pings(),
                config.ping_interval(),
                config.ping_timeout(),
                now,
            ),
            outbox: Outbox::new(config.outbox_high_water(), config.outbox_low_water()),
            inbox: Inbox::new(config.inbox_high_water(), config.inbox_limit()),
            stall: None,
            couples_input: false,
            replies: Replies::default(),
            close_reason: None,
            sid,
        };
        // An empty outbox takes a batch of any size.
        let _ = session.outbox.push(Outgoing::batch(opening.messages));
        let mut headers = opening.headers;
        if let Some(cookie) = config.cookie() {
            headers.push("set-cookie", cookie.header(&session.sid));
        }
        let is_binary = !opening.wants_text;
        session.state = match opening.transport {
            Transport::Polling => State::Polling(Polling {
                is_binary,
                get: Some(Get {
                    conn,
                    headers,
                    coding: opening.coding,
                    handshake: Some(session.outbox.accepted()),
                    hold_until: None,
                    noop_at: None,
                }),
                post: None,
                absence: Some((now + config.ping_timeout(), ServerCloseReason::Abandoned)),
            }),
            Transport::WebSocket => {
                if let Some(subprotocol) = opening.subprotocol {
                    headers.push("sec-websocket-protocol", subprotocol);
                }
                session.replies.push(conn, Transmit::Upgrade(headers));
                let open = encode_frame(revision, session.open_packet(), is_binary);
                session.replies.push(conn, Transmit::Frame(open));
                State::Framed(Framed { conn, is_binary, has_said_close: false })
            }
        };
        session
    }

    /// From now on input is wanted only while the session is also
    /// [writable](Self::is_writable): a peer that doesn't take what it is sent isn't read, and
    /// gets no `ok` for its POST. If it takes nothing for
    /// [`stall_timeout`](ServerConfig::stall_timeout), the session ends as
    /// [overloaded](ServerCloseReason::Overloaded).
    ///
    /// For an application that answers in the task that carries the connection, and can't wait
    /// there until there is room.
    pub const fn couple_input(&mut self) {
        self.couples_input = true;
    }

    /// Takes in a fact about the network. Never fails: what a peer does wrong is a
    /// fact, and its consequences come out of the sinks.
    ///
    /// `now` may be a little older than the last one: the latest counts.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.advance(now);
        match input {
            Input::Request(conn, exchange) => self.request(conn, exchange),
            Input::Body(conn, body) => self.body(conn, body),
            Input::Frame(conn, frame) => self.frame(conn, frame),
            Input::Failed(conn, why) => self.failed(conn, why),
        }
        self.settle();
    }

    /// Lets time pass. Early, late and repeated calls are harmless. Call it before
    /// [`send`](Self::send) when the last call of anything is a while ago.
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
        if self.is_closing() {
            return Err(SendError::Closed(outgoing));
        }
        let position = self.outbox.push(outgoing)?;
        self.start_hold();
        Ok(position)
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

    /// Ends the session at once, for the reason that [`Event::Closed`] shall give; what is
    /// queued is lost. A poll that waits gets the close packet, a WebSocket a hang-up.
    /// Does nothing to a session that is over.
    pub fn abort(&mut self, now: Instant, reason: ServerCloseReason) {
        self.advance(now);
        self.finish(reason);
    }

    fn end(&mut self, now: Instant, reason: ServerCloseReason) {
        self.advance(now);
        if self.closing.is_none() {
            self.closing = Some(Closing { until: self.now + self.config.close_timeout(), reason });
        }
        self.settle();
    }

    /// The next thing to write to this connection, if there is one.
    ///
    /// The answer to a poll is made now, of all that waits now: what isn't pulled is
    /// still there for another connection.
    pub fn poll_transmit(&mut self, conn: ConnId) -> Option<Transmit> {
        if let Some(reply) = self.replies.take(conn) {
            return Some(reply);
        }
        let transmit = match &self.state {
            State::Polling(_) | State::Probing(..) if self.is_answerable(conn) => {
                self.answer_poll().map(Transmit::Respond)
            }
            State::Probing(_, probe) if probe.conn == conn => self.probe_pong(),
            State::Framed(framed) if framed.conn == conn => self.next_frame(),
            State::Polling(_) | State::Probing(..) | State::Framed(_) | State::Closed => None,
        };
        if self.couples_input && transmit.is_some() {
            self.put_off_stall();
        }
        self.settle();
        transmit
    }

    /// The next thing to write to an upgraded connection. An answer to a request is nothing for
    /// one.
    fn poll_framed(&mut self, conn: ConnId) -> Option<FramedTransmit> {
        loop {
            match self.poll_transmit(conn)? {
                Transmit::Frame(frame) => return Some(FramedTransmit::Frame(frame)),
                Transmit::Hangup(code) => return Some(FramedTransmit::Hangup(code)),
                Transmit::Respond(_) | Transmit::Upgrade(_) => {}
            }
        }
    }

    /// The next event for the application, if there is one.
    ///
    /// Ask until there is none. `None` also says that the application has dealt with the
    /// last message: until then, at most for 5 ms, a waiting poll isn't answered with
    /// messages, since the application may be about to send more.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.inbox.pop();
        self.put_off_stall();
        self.settle();
        event
    }

    /// When to call [`handle_timeout`](Self::handle_timeout). An open session always
    /// has such a time, a closed one never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_timer().map(|(at, _)| at)
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something for this connection.
    pub fn has_transmit(&self, conn: ConnId) -> bool {
        self.replies.has(conn)
            || match &self.state {
                State::Polling(_) => self.is_answerable(conn),
                State::Probing(_, probe) => {
                    self.is_answerable(conn) || (probe.conn == conn && probe.owes_pong())
                }
                State::Framed(framed) => framed.conn == conn && self.has_frame(),
                State::Closed => false,
            }
    }

    /// Whether a [`Transmit::Hangup`] waits for this connection: what
    /// [`poll_transmit`](Self::poll_transmit) still has for it are its last words. A peer
    /// that doesn't take them must not keep the connection for ever.
    pub fn is_hung_up(&self, conn: ConnId) -> bool {
        self.replies.has_hangup(conn)
    }

    /// Whether [`poll_event`](Self::poll_event) has something.
    pub fn has_event(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Whether [`send`](Self::send) takes messages: less waits than
    /// [`outbox_high_water`](ServerConfig::outbox_high_water), and since the last time that
    /// it was more, it has sunk to [`outbox_low_water`](ServerConfig::outbox_low_water).
    pub fn is_writable(&self) -> bool {
        self.outbox.is_writable() && !self.is_closing()
    }

    /// Whether to read on from an upgraded connection. When not, the application has
    /// to take events first: more than [`inbox_high_water`](ServerConfig::inbox_high_water)
    /// bytes wait for it; or the peer has to take what it is sent, if
    /// [input is coupled](Self::couple_input) to that. Always true of requests: there, the `ok` of a POST is withheld
    /// instead.
    pub fn wants_input(&self, conn: ConnId) -> bool {
        self.state.framed().is_none_or(|framed| framed.conn != conn || self.has_room())
    }

    /// Whether the session is over, or will be when all that is queued has left.
    /// Nothing can be sent any more.
    pub const fn is_closing(&self) -> bool {
        self.closing.is_some() || self.state.is_closed()
    }

    /// Whether the session is over. Doesn't wait for anybody to read
    /// [`Event::Closed`].
    pub const fn is_closed(&self) -> bool {
        self.state.is_closed()
    }

    /// Why the session is over; `None` while it isn't.
    pub const fn close_reason(&self) -> Option<&ServerCloseReason> {
        self.close_reason.as_ref()
    }

    /// Up to which position messages have left: pulled by a connection, or dropped in
    /// favour of a newer one of their key.
    pub const fn handed_over(&self) -> u64 {
        self.outbox.handed_over()
    }

    /// The position of the newest message: how many were ever queued.
    pub const fn accepted(&self) -> u64 {
        self.outbox.accepted()
    }

    /// How many bytes of messages wait to leave, with a charge for each message's place in
    /// the queue. This is what the two marks of the outbox are compared with.
    pub const fn queued_bytes(&self) -> usize {
        self.outbox.bytes()
    }

    /// The identifier, by which the client names the session in every request.
    pub const fn sid(&self) -> &Sid {
        &self.sid
    }

    /// The revision that the client speaks.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// The transport that messages travel on; of a closed session, `None`.
    pub const fn transport(&self) -> Option<Transport> {
        match self.state {
            State::Polling(_) | State::Probing(..) => Some(Transport::Polling),
            State::Framed(_) => Some(Transport::WebSocket),
            State::Closed => None,
        }
    }

    fn request(&mut self, conn: ConnId, exchange: Exchange) {
        if self.state.is_closed() {
            let refusal = exchange.unknown_session();
            return self.reply(conn, refusal.response());
        }
        if let Some(cause) = exchange.misfit(self.revision) {
            return self.refuse(conn, exchange, cause);
        }
        match exchange.kind {
            Kind::Poll => self.poll(conn, exchange),
            Kind::Post => self.post(conn, exchange),
            Kind::Framed(_) => self.upgrade_request(conn, exchange),
        }
    }

    fn failed(&mut self, conn: ConnId, why: Failure) {
        if why == Failure::Gone {
            self.replies.forget(conn);
        }
        match &self.state {
            State::Framed(framed) if framed.conn == conn => self.framed_failed(why),
            State::Probing(_, probe) if probe.conn == conn => self.abandon_probe(),
            State::Polling(_) | State::Probing(..) => self.exchange_failed(conn, why),
            State::Framed(_) | State::Closed => {}
        }
        if why == Failure::Gone {
            self.replies.forget(conn);
        }
    }

    /// What a packet does once the session has it, by whatever transport.
    pub(super) fn packet(&mut self, packet: Packet) -> Result<(), ServerCloseReason> {
        self.heartbeat.heard(self.now);
        let wrong = |_| ServerCloseReason::Violation(Violation::HeartbeatDirection);
        match packet {
            Packet::Message(message) => {
                if self.closing.is_none() {
                    self.inbox.push_message(message);
                }
                Ok(())
            }
            Packet::Ping(_) => self.heartbeat.ping(self.now).map_err(wrong),
            Packet::Pong(_) => self.heartbeat.pong(self.now).map_err(wrong),
            Packet::Close => Err(ServerCloseReason::Peer),
            Packet::Open(_) | Packet::Upgrade | Packet::Noop => Ok(()),
        }
    }

    /// Ends the session, whatever it was doing. Everyone who waits gets a last word.
    pub(super) fn finish(&mut self, reason: ServerCloseReason) {
        let polling = match mem::replace(&mut self.state, State::Closed) {
            State::Closed => return,
            State::Framed(framed) => {
                self.replies.push(framed.conn, Transmit::Hangup(reason.code()));
                None
            }
            State::Probing(polling, probe) => {
                self.replies.push(probe.conn, Transmit::Hangup(CloseCode::NORMAL));
                Some(polling)
            }
            State::Polling(polling) => Some(polling),
        };
        if let Some(polling) = polling {
            // The client that said goodbye isn't told so in return.
            let last = if reason == ServerCloseReason::Peer { Packet::Noop } else { Packet::Close };
            self.leave_polling(polling, last);
        }
        self.outbox.clear();
        self.stall = None;
        self.close_reason = Some(reason.clone());
        self.inbox.push(Event::Closed(reason));
    }

    /// Brings what depends on several parts of the session into line.
    pub(super) fn settle(&mut self) {
        self.release_post();
        let is_full = !self.has_room();
        let is_withheld = self.state.polling().is_some_and(Polling::withholds);
        self.heartbeat.hold(is_withheld || (is_full && self.state.framed().is_some()), self.now);
        if !is_full {
            self.stall = None;
        } else if self.stall.is_none() {
            self.stall = Some(self.now + self.config.stall_timeout());
        }
    }

    /// Somebody gets on, so that there may be room soon.
    fn put_off_stall(&mut self) {
        if self.stall.is_some() {
            self.stall = Some(self.now + self.config.stall_timeout());
        }
    }

    /// Whether more may be taken in.
    pub(super) fn has_room(&self) -> bool {
        self.inbox.has_room() && (!self.couples_input || self.outbox.is_writable())
    }

    pub(super) fn reply(&mut self, conn: ConnId, response: Response) {
        self.replies.push(conn, Transmit::Respond(response));
    }

    pub(super) fn refuse(&mut self, conn: ConnId, exchange: Exchange, cause: RefusalCause) {
        self.reply(conn, Refusal::new(cause, exchange.headers).response());
    }

    pub(super) fn open_packet(&self) -> Packet {
        let polls = self.state.framed().is_none() && !self.state.is_closed();
        let upgrades = if polls && self.config.can_upgrade() {
            alloc::vec![Transport::WebSocket]
        } else {
            alloc::vec![]
        };
        let handshake = HandshakeData {
            sid: self.sid.clone(),
            upgrades,
            ping_interval: self.config.ping_interval(),
            ping_timeout: self.config.ping_timeout(),
            max_payload: Some(self.config.max_payload()),
        };
        Packet::Open(handshake.to_json())
    }
}

any_session!(Session, Input, ServerCloseReason, Session::poll_framed);
