//! One session: its beginning, its time, and its end.

mod getters;
mod sinks;
mod sources;

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::core::Core;
use super::exchange::Opening;
use super::framed::Framed;
use super::get::{First, Get};
use super::io::{Event, Input, Transmit};
use super::polling::Polling;
use super::replies::Replies;
use super::timers::Timer;
use super::transport::{Channel, Open, State};
use crate::any_session::any_session;
use crate::close::ServerCloseReason;
use crate::codec::encode_frame;
use crate::common_state::CommonState;
use crate::config::ServerConfig;
use crate::conn::{ConnId, Failure};
use crate::heartbeat::Heartbeat;
use crate::inbox::Inbox;
use crate::outbox::{Outbox, Outgoing, SendError};
use crate::sid::Sid;
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
///   [`abort`](Self::abort). A driver that wants a connection back calls
///   [`answer_poll`](Self::answer_poll).
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
                let open = encode_frame(revision, core.open_packet(&[]), style.binary);
                core.replies.push(conn, Transmit::Frame(open));
                Channel::Framed(Framed::new(conn, style.binary))
            }
        };
        let (interval, timeout) = (config.ping_interval(), config.ping_timeout());
        let heartbeat = Heartbeat::new(revision.server_pings(), interval, timeout, now);
        Self { core, state: State::Open(Open { heartbeat, stall: None, channel }) }
    }

    /// Does everything that is due by `now`, in the order in which it became due.
    #[inline]
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

    /// Ends the session if the outcome is a reason to.
    #[inline]
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

    #[inline]
    fn settle(&mut self) {
        if let State::Open(open) = &mut self.state {
            open.settle(&mut self.core);
        }
    }
}

any_session!(Session, Input, ServerCloseReason, Session::poll_framed);
