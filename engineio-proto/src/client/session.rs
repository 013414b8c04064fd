//! One session from the client's end: its sources, its sinks, and its end.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use super::close::{ClientCloseReason, Refused};
use super::config::ClientConfig;
use super::hangups::Hangups;
use super::io::{Connect, Event, Input, Transmit};
use super::target::Random;
use super::transport::{Opening, ProbeStage, State};
use crate::any_session::{FramedTransmit, any_session};
use crate::close::{CloseCode, Violation};
use crate::codec::{HandshakeData, PayloadSize};
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

/// The client's end of one session, from the first request on.
///
/// It does no I/O and reads no clock. Whoever drives it tells it what happened, and
/// then asks it what to do:
///
/// - **Sources**: [`handle_input`](Self::handle_input) for the network,
///   [`handle_timeout`](Self::handle_timeout) for the clock, and for the application
///   [`send`](Self::send) and [`close`](Self::close).
/// - **Sinks**: [`poll_connect`](Self::poll_connect) for what to start,
///   [`poll_transmit`](Self::poll_transmit), one for each connection,
///   [`poll_timeout`](Self::poll_timeout) for the clock and
///   [`poll_event`](Self::poll_event) for the application.
/// - **Who may go on**: [`has_connect`](Self::has_connect),
///   [`has_transmit`](Self::has_transmit), [`has_event`](Self::has_event),
///   [`is_writable`](Self::is_writable), [`wants_input`](Self::wants_input),
///   [`is_closed`](Self::is_closed).
///
/// Every call that takes `&mut self` may change every sink: ask all of them anew.
/// A call for a connection that the session has no use for any more is a race and not an
/// error: it changes nothing. Once [`is_closed`](Self::is_closed) says so, drop the
/// session when each of its connections got what `poll_transmit` still has for it.
#[derive(Debug)]
pub struct Session {
    pub(super) config: Arc<ClientConfig>,
    pub(super) revision: Revision,
    pub(super) random: Random,
    next_conn: u64,
    /// The latest time heard of.
    pub(super) now: Instant,
    pub(super) state: State,
    /// Until when a graceful close may take.
    pub(super) closing: Option<Instant>,
    /// What the server said; none while there is no session.
    pub(super) handshake: Option<HandshakeData>,
    pub(super) heartbeat: Option<Heartbeat>,
    pub(super) outbox: Outbox,
    pub(super) inbox: Inbox<Event>,
    pub(super) hangups: Hangups,
    /// Why a transport that was tried before couldn't connect.
    pub(super) setback: Option<ClientCloseReason>,
    /// Why the session is over, once it is.
    close_reason: Option<ClientCloseReason>,
}

impl Session {
    /// A session that is about to connect. `seed` makes the requests of one session differ
    /// from those of another; it need not be a secret.
    pub fn connect(config: &Arc<ClientConfig>, now: Instant, seed: u64) -> Self {
        let mut session = Self {
            config: Arc::clone(config),
            revision: config.revision().first(),
            random: Random::new(seed),
            next_conn: 0,
            now,
            state: State::Closed,
            closing: None,
            handshake: None,
            heartbeat: None,
            outbox: Outbox::new(config.outbox_high_water(), config.outbox_low_water()),
            inbox: Inbox::new(config.inbox_high_water(), usize::MAX),
            hangups: Hangups::default(),
            setback: None,
            close_reason: None,
        };
        session.try_transport(0);
        session
    }

    /// Takes in a fact about the network. Never fails: what a server does wrong is a
    /// fact, and its consequences come out of the sinks.
    ///
    /// `now` may be a little older than the last one: the latest counts.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.advance(now);
        match input {
            Input::Responded(conn, response) => self.responded(conn, response),
            Input::Upgraded(conn) => self.upgraded(conn),
            Input::Frame(conn, frame) => self.frame(conn, frame),
            Input::Failed(conn, why) => self.failed(conn, why),
        }
        self.settle();
    }

    /// Lets time pass. Early, late and repeated calls are harmless. Call it before
    /// [`send`](Self::send) when the last call of anything is a while ago: a machine that
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
    /// [`SendError::TooLarge`] when the server has said that it takes no message of this
    /// length. (Before the handshake that isn't known: then the server refuses the message
    /// and the session ends.)
    pub fn send(&mut self, outgoing: impl Into<Outgoing>) -> Result<u64, SendError> {
        let outgoing = outgoing.into();
        if self.is_closing() {
            return Err(SendError::Closed(outgoing));
        }
        if let Some(max) = self.handshake.as_ref().and_then(|handshake| handshake.max_payload)
            && outgoing.messages().iter().any(|message| {
                let packet = Packet::Message(message.clone());
                self.size_of(&packet) > max
            })
        {
            return Err(SendError::TooLarge { max, outgoing });
        }
        self.outbox.push(outgoing)
    }

    /// How long a packet is on the transport of now, alone.
    fn size_of(&self, packet: &Packet) -> usize {
        match (&self.state, packet) {
            (State::Framed(_), Packet::Message(message)) => {
                // A text has its type before it, and so has everything in revision 3.
                let has_type = message.as_text().is_some() || self.revision == Revision::V3;
                message.len().saturating_add(usize::from(has_type))
            }
            _ => PayloadSize::new(self.revision, true).with(packet).bytes(),
        }
    }

    /// Ends the session when everything that is queued has left, at the latest after
    /// [`close_timeout`](ClientConfig::close_timeout). Until then nothing can be sent, and
    /// messages of the server are dropped. A session that isn't open yet opens first, and
    /// an upgrade is given up. A repeated call changes nothing.
    pub fn close(&mut self, now: Instant) {
        self.advance(now);
        if self.closing.is_none() && !self.state.is_closed() {
            self.closing = Some(self.now + self.config.close_timeout());
            self.abandon_probe();
        }
        self.settle();
    }

    /// Ends the session at once; what is queued is lost, and the server finds out by
    /// itself.
    pub fn abort(&mut self, now: Instant) {
        self.advance(now);
        self.finish(ClientCloseReason::Application);
    }

    /// The next connection to start, if there is one, and what it is called from then on.
    ///
    /// A POST is made now, of what waits now: start it in any case, and report
    /// [`Input::Failed`] when it can't be.
    pub fn poll_connect(&mut self) -> Option<(ConnId, Connect)> {
        let start = self.next_start()?;
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        let connect = self.start(start, conn);
        self.settle();
        Some((conn, connect))
    }

    /// The next thing to write to this connection, if there is one.
    pub fn poll_transmit(&mut self, conn: ConnId) -> Option<Transmit> {
        if let Some(hangup) = self.hangups.take(conn) {
            return Some(hangup);
        }
        let transmit = match &mut self.state {
            State::Probing(_, probe)
                if probe.conn == Some(conn) && probe.stage == ProbeStage::Upgraded =>
            {
                probe.stage = ProbeStage::Probed;
                Some(self.encode(Packet::Ping("probe".into())))
            }
            State::Framed(framed) if framed.conn == conn => self.next_frame(),
            State::Opening(_)
            | State::Polling(_)
            | State::Probing(..)
            | State::Framed(_)
            | State::Closed => None,
        };
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
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.inbox.pop();
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
        self.next_start().is_some()
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something for this connection.
    pub fn has_transmit(&self, conn: ConnId) -> bool {
        self.hangups.has(conn)
            || match &self.state {
                State::Probing(_, probe) => {
                    probe.conn == Some(conn) && probe.stage == ProbeStage::Upgraded
                }
                State::Framed(framed) => framed.conn == conn && self.has_frame(framed),
                State::Opening(_) | State::Polling(_) | State::Closed => false,
            }
    }

    /// Whether a [`Transmit::Hangup`] waits for this connection.
    pub fn is_hung_up(&self, conn: ConnId) -> bool {
        self.hangups.has(conn)
    }

    /// Whether [`poll_event`](Self::poll_event) has something.
    pub fn has_event(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Whether [`send`](Self::send) takes messages: less waits than
    /// [`outbox_high_water`](ClientConfig::outbox_high_water), and since the last time that
    /// it was more, it has sunk to [`outbox_low_water`](ClientConfig::outbox_low_water).
    pub fn is_writable(&self) -> bool {
        self.outbox.is_writable() && !self.is_closing()
    }

    /// Whether to read on from a WebSocket. When not, the application has to take events
    /// first: more than [`inbox_high_water`](ClientConfig::inbox_high_water) bytes wait for it.
    /// Always true of requests: there, the next poll isn't started instead.
    pub fn wants_input(&self, conn: ConnId) -> bool {
        match &self.state {
            State::Framed(framed) => framed.conn != conn || self.inbox.has_room(),
            State::Opening(_) | State::Polling(_) | State::Probing(..) | State::Closed => true,
        }
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
    pub const fn close_reason(&self) -> Option<&ClientCloseReason> {
        self.close_reason.as_ref()
    }

    /// Up to which position messages have left: a request or a WebSocket took them, or they
    /// were dropped in favour of a newer one of their key.
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

    /// What the server said when it opened the session; `None` before.
    pub const fn handshake(&self) -> Option<&HandshakeData> {
        self.handshake.as_ref()
    }

    /// The identifier that the server gave the session; `None` before it is open.
    pub fn sid(&self) -> Option<&Sid> {
        self.handshake.as_ref().map(|handshake| &handshake.sid)
    }

    /// The revision that is spoken, or tried.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// The transport that messages travel on, or that is tried; `None` once it is over.
    pub const fn transport(&self) -> Option<Transport> {
        match &self.state {
            State::Opening(Opening { transport, .. }) => Some(*transport),
            State::Polling(_) | State::Probing(..) => Some(Transport::Polling),
            State::Framed(_) => Some(Transport::WebSocket),
            State::Closed => None,
        }
    }

    fn responded(&mut self, conn: ConnId, response: Response) {
        match &mut self.state {
            State::Opening(opening) if opening.conn == Some(conn) => {
                opening.conn = None;
                self.opening_responded(response);
            }
            State::Polling(polling) | State::Probing(polling, _) if polling.get == Some(conn) => {
                polling.get = None;
                if !polling.has_said_close {
                    self.get_responded(response);
                }
            }
            State::Polling(polling) | State::Probing(polling, _) if polling.post == Some(conn) => {
                polling.post = None;
                self.post_responded(response);
            }
            State::Probing(_, probe) if probe.conn == Some(conn) => {
                probe.conn = None;
                self.abandon_probe();
            }
            State::Opening(_)
            | State::Polling(_)
            | State::Probing(..)
            | State::Framed(_)
            | State::Closed => {}
        }
        self.hangups.forget(conn);
    }

    fn failed(&mut self, conn: ConnId, why: Failure) {
        match &mut self.state {
            State::Opening(opening) if opening.conn == Some(conn) => {
                self.attempt_failed(match why {
                    Failure::Gone => ClientCloseReason::Unreachable,
                    Failure::TimedOut => ClientCloseReason::ConnectTimeout,
                    Failure::Closed(_) | Failure::TooLarge | Failure::Malformed => loss(why),
                });
            }
            State::Polling(polling) if polling.get == Some(conn) && polling.has_said_close => {
                polling.get = polling.get.filter(|_| why != Failure::Gone);
            }
            State::Polling(polling) | State::Probing(polling, _)
                if polling.get == Some(conn) || polling.post == Some(conn) =>
            {
                self.finish(loss(why));
            }
            State::Probing(_, probe) if probe.conn == Some(conn) => self.abandon_probe(),
            State::Framed(framed) if framed.conn == conn => self.finish(loss(why)),
            State::Opening(_)
            | State::Polling(_)
            | State::Probing(..)
            | State::Framed(_)
            | State::Closed => {}
        }
        if why == Failure::Gone {
            self.hangups.forget(conn);
        }
    }

    /// What packets do once the session has them, by whatever transport.
    pub(super) fn packets(&mut self, packets: Vec<Packet>) {
        for packet in packets {
            if let Err(reason) = self.packet(packet) {
                return self.finish(reason);
            }
        }
    }

    fn packet(&mut self, packet: Packet) -> Result<(), ClientCloseReason> {
        let Some(heartbeat) = &mut self.heartbeat else { return Ok(()) };
        heartbeat.heard(self.now);
        let wrong = |_| ClientCloseReason::Violation(Violation::HeartbeatDirection);
        match packet {
            Packet::Message(message) => {
                if self.closing.is_none() {
                    self.inbox.push_message(message);
                }
                Ok(())
            }
            Packet::Ping(_) => heartbeat.ping(self.now).map_err(wrong),
            Packet::Pong(_) => heartbeat.pong(self.now).map_err(wrong),
            Packet::Close => Err(ClientCloseReason::Server(None)),
            // python-engineio sends it on WebSockets, too.
            Packet::Noop => Ok(()),
            Packet::Open(_) | Packet::Upgrade => {
                Err(ClientCloseReason::Violation(Violation::Unexpected(packet.packet_type())))
            }
        }
    }

    /// Ends the session, whatever it was doing, and gives up its connections.
    pub(super) fn finish(&mut self, reason: ClientCloseReason) {
        let code = reason.code();
        let conns = match mem::replace(&mut self.state, State::Closed) {
            State::Closed => return,
            State::Opening(opening) => [opening.conn, None, None],
            State::Polling(polling) => [polling.get, polling.post, None],
            State::Probing(polling, probe) => [polling.get, polling.post, probe.conn],
            State::Framed(framed) => [Some(framed.conn), None, None],
        };
        for conn in conns.into_iter().flatten() {
            self.hang_up(conn, code);
        }
        self.outbox.clear();
        self.close_reason = Some(reason.clone());
        self.inbox.push(Event::Closed(reason));
    }

    pub(super) fn hang_up(&mut self, conn: ConnId, code: CloseCode) {
        self.hangups.push(conn, code);
    }

    /// Brings what depends on several parts of the session into line.
    pub(super) fn settle(&mut self) {
        self.finish_upgrade();
        let is_full = !self.inbox.has_room();
        let is_deaf = match &self.state {
            State::Polling(polling) | State::Probing(polling, _) => polling.get.is_none(),
            State::Framed(_) => true,
            State::Opening(_) | State::Closed => false,
        };
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.hold(is_full && is_deaf, self.now);
        }
    }
}

/// What it means that a connection of an open session failed.
fn loss(why: Failure) -> ClientCloseReason {
    match why {
        Failure::Gone | Failure::TimedOut => ClientCloseReason::TransportLost,
        Failure::Closed(code) if code == CloseCode::ABNORMAL => ClientCloseReason::TransportLost,
        Failure::Closed(code) => ClientCloseReason::Server(Some(code)),
        Failure::TooLarge => ClientCloseReason::Violation(Violation::TooLarge),
        Failure::Malformed => ClientCloseReason::Violation(Violation::Framing),
    }
}

/// Whether a request did what it was to do; else what was said instead.
pub(super) fn check(response: Response) -> Result<Response, Refused> {
    if (200..300).contains(&response.status) {
        Ok(response)
    } else {
        Err(Refused { status: response.status, body: response.body })
    }
}

any_session!(Session, Input, ClientCloseReason, Session::poll_framed);
