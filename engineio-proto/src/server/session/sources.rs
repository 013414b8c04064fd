//! Sources: what happened, from the network, the clock and the application.

use super::Session;
use crate::attachments::Attachment;
use crate::close::ServerCloseReason;
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::outbox::{Outgoing, SendError};
use crate::server::cause::RefusalCause;
use crate::server::io::Input;
use crate::server::transport::{Channel, Open, State};
use crate::time::Instant;

impl Session {
    /// Makes the session read only while its outbox has room. While the outbox is above
    /// [`outbox_high_water`](crate::ServerConfig::outbox_high_water), a WebSocket isn't read, and
    /// the `ok` of a POST is withheld as it is for a full inbox. A peer that takes nothing for
    /// [`stall_timeout`](crate::ServerConfig::stall_timeout) loses the session, as
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
    #[inline(always)]
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
    /// [`close_timeout`](crate::ServerConfig::close_timeout). Until then nothing can be sent,
    /// messages of the peer are dropped, and an upgrade that has begun may still complete. A
    /// repeated call changes nothing.
    pub fn close(&mut self, now: Instant) {
        self.end(now, ServerCloseReason::Application);
    }

    /// Like [`close`](Self::close), because the server stops, and with care that nothing is lost: a
    /// WebSocket gets the code 1001. The application still gets the peer's messages, since a POST of
    /// them gets its `ok`. Over polling, the close packet comes after the answer with the last
    /// messages.
    pub fn shutdown(&mut self, now: Instant) {
        self.end(now, ServerCloseReason::Shutdown);
    }

    /// Answers the GET that waits, if one does, with what is queued or else with a noop packet: for a
    /// driver whose connections are about to end. The client polls again.
    pub fn answer_poll(&mut self, now: Instant) {
        self.advance(now);
        if let State::Open(Open { channel: Channel::Polling(polling), .. }) = &mut self.state {
            polling.answer_get(now);
        }
    }

    /// Ends the session at once with this reason; queued messages are lost. A poll that waits
    /// gets the close packet, a WebSocket a hang-up.
    /// Does nothing to a session that is over.
    pub fn abort(&mut self, now: Instant, reason: ServerCloseReason) {
        self.advance(now);
        self.finish(reason);
    }

    pub(super) fn end(&mut self, now: Instant, reason: ServerCloseReason) {
        self.advance(now);
        if !self.is_closed() {
            let until = self.core.common.now + self.core.config.close_timeout();
            let hears = matches!(reason, ServerCloseReason::Shutdown);
            self.core.common.close(until, reason, hears);
        }
        self.settle();
    }

    /// Says that the application has dealt with one of several events that
    /// [`poll_events`](Self::poll_events) gave it: it has
    /// [`stall_timeout`](crate::ServerConfig::stall_timeout) for the next one.
    pub fn note_progress(&mut self, now: Instant) {
        if let State::Open(Open { stall: Some(stall), .. }) = &mut self.state {
            *stall = now + self.core.config.stall_timeout();
        }
    }

    /// A frame came over an upgraded connection.
    #[inline]
    pub(super) fn handle_frame(&mut self, now: Instant, conn: ConnId, frame: Frame) {
        self.advance(now);
        self.frame(conn, frame);
        self.settle();
    }

    #[inline]
    pub(super) fn frame(&mut self, conn: ConnId, frame: Frame) {
        if let State::Open(open) = &mut self.state {
            let outcome = open.frame(&mut self.core, conn, frame);
            self.conclude(outcome);
        }
    }

    pub(super) fn catch_up(&mut self, now: Instant) {
        self.advance(now);
        self.note_progress(now);
    }

    pub(super) fn failed(&mut self, conn: ConnId, why: Failure) {
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
}
