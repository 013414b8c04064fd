//! What can go on.

use super::Session;
use crate::close::ServerCloseReason;
use crate::conn::ConnId;
use crate::revision::Revision;
use crate::server::transport::{Channel, Open, State};
use crate::sid::Sid;
use crate::transport::Transport;

impl Session {
    /// Whether [input is held](Self::hold_input).
    pub const fn is_input_held(&self) -> bool {
        self.core.is_input_held
    }

    /// The WebSocket that got its 101 and hasn't taken over yet.
    pub fn probe(&self) -> Option<ConnId> {
        match &self.state {
            State::Open(Open { channel: Channel::Polling(polling), .. }) => polling.probe(),
            State::Open(_) | State::Closed(_) => None,
        }
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something for this connection.
    pub fn has_transmit(&self, conn: ConnId) -> bool {
        self.core.replies.has(conn)
            || match &self.state {
                State::Open(open) => open.has_transmit(&self.core, conn),
                State::Closed(_) => false,
            }
    }

    /// Whether a [`Transmit::Hangup`](crate::server::Transmit::Hangup) waits for this connection,
    /// after what [`poll_transmit`](Self::poll_transmit) still has for it. A peer that doesn't take
    /// it must not keep the connection for ever.
    pub fn is_hung_up(&self, conn: ConnId) -> bool {
        self.core.replies.has_hangup(conn)
    }

    /// Whether [`poll_event`](Self::poll_event) has something.
    pub fn has_event(&self) -> bool {
        !self.core.common.inbox.is_empty()
    }

    /// Whether [`send`](Self::send) takes messages: less waits than
    /// [`outbox_high_water`](crate::ServerConfig::outbox_high_water), and since the last time that
    /// it was more, it has sunk to [`outbox_low_water`](crate::ServerConfig::outbox_low_water).
    pub fn is_writable(&self) -> bool {
        self.core.common.outbox.is_writable() && !self.is_closing()
    }

    /// Whether to read on from an upgraded connection. If not, the application has to take
    /// events first, because more than
    /// [`inbox_high_water`](crate::ServerConfig::inbox_high_water) bytes wait for it; or, if
    /// [input is coupled](Self::couple_input), the peer has to take messages first; or
    /// [input is held](Self::hold_input). Always true of requests: there, the `ok` of a POST is
    /// withheld instead.
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
    /// [`Event::Closed`](crate::server::Event::Closed).
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

    /// Over a WebSocket, or while no request is under way, there is only the heartbeat, until
    /// something is full or ends.
    pub(super) const fn depends_on_time(&self) -> bool {
        let State::Open(Open { stall: None, channel, .. }) = &self.state else { return true };
        let is_idle = match channel {
            Channel::Framed(_) => true,
            Channel::Polling(polling) => polling.is_idle(),
        };
        !is_idle || self.core.common.is_closing()
    }
}
