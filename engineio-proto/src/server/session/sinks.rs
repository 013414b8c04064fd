//! Sinks: what to do about it.

use alloc::collections::VecDeque;
#[cfg(feature = "metrics")]
use core::time::Duration;

use super::Session;
use crate::any_session::FramedTransmit;
use crate::conn::ConnId;
use crate::http::Headers;
use crate::server::io::{Event, Transmit};
use crate::server::refusal::Refusal;
use crate::server::transport::{Channel, Open, State};
#[cfg(feature = "metrics")]
use crate::tally::Traffic;
use crate::time::Instant;

impl Session {
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
    #[inline]
    pub(super) fn poll_framed(&mut self, conn: ConnId) -> Option<FramedTransmit> {
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
    ///
    /// Call [`handle_timeout`](Self::handle_timeout) before it if the last call of any kind is a
    /// while ago. While the application took nothing, the wait for the client's heartbeat stood
    /// still, and the session has to know until when.
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

    /// When to call [`handle_timeout`](Self::handle_timeout). An open session always
    /// has such a time, a closed one never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_timer().map(|(at, _)| at)
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

    pub(super) fn next_transmit(&mut self, conn: ConnId) -> Option<Transmit> {
        let State::Open(open) = &mut self.state else { return None };
        let (transmit, end) = open.next(&mut self.core, conn);
        let Some(reason) = end else { return transmit };
        self.finish(reason);
        transmit.or_else(|| self.core.replies.take(conn))
    }

    pub(super) fn put_off_stall(&mut self) {
        if let State::Open(open) = &mut self.state {
            open.put_off_stall(&self.core);
        }
    }
}
