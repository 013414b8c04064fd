//! The operations that the sessions of both sides share.

use core::fmt;

use crate::attachments::Attachment;
use crate::close::CloseCode;
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::outbox::{Outgoing, SendError};
use crate::time::Instant;

/// A session, as its upgraded connections see it: [`server::Session`](crate::server::Session)
/// or [`client::Session`](crate::client::Session). The methods are the session's own.
pub trait FramedSession: sealed::Sealed + fmt::Debug {
    /// Whether the session is over.
    fn is_closed(&self) -> bool;

    /// Whether there is something to write to this connection.
    fn has_transmit(&self, conn: ConnId) -> bool;

    /// Whether a hang-up waits for this connection.
    fn is_hung_up(&self, conn: ConnId) -> bool;

    /// Whether to read on from this connection.
    fn wants_input(&self, conn: ConnId) -> bool;

    /// The next thing to write to an upgraded connection.
    fn poll_frame(&mut self, conn: ConnId) -> Option<FramedTransmit>;

    /// Takes what was [attached](crate::server::Session::attach) to the message in the frame that
    /// [`poll_frame`](Self::poll_frame) gave last.
    fn take_attachment(&mut self) -> Option<Attachment>;

    /// A whole message came over this connection.
    fn handle_frame(&mut self, now: Instant, conn: ConnId, frame: Frame);

    /// This connection can't go on.
    fn handle_failure(&mut self, now: Instant, conn: ConnId, why: Failure);
}

/// A session, as the handles of an application see it. The methods are the session's own.
pub trait AnySession: FramedSession {
    /// Why a session of this side ends.
    type CloseReason: Clone + Unpin;

    /// Lets time pass.
    fn handle_timeout(&mut self, now: Instant);

    /// The latest time that the session has heard of.
    fn now(&self) -> Instant;

    /// Whether the session's next step depends on the time. If so, call
    /// [`handle_timeout`](Self::handle_timeout) before sending, taking events or polling a frame.
    /// If not, none of the three moves a deadline.
    fn depends_on_time(&self) -> bool;

    /// Says that the last call happened now, as no [`handle_timeout`](Self::handle_timeout) came
    /// before it.
    fn catch_up(&mut self, now: Instant);

    /// Queues a message or a batch, and gives the position of its last message.
    ///
    /// # Errors
    ///
    /// All give the message back, as those of the session do.
    fn send(&mut self, outgoing: Outgoing) -> Result<u64, SendError>;

    /// The position of the newest message.
    fn accepted(&self) -> u64;

    /// Up to which position messages have left.
    fn handed_over(&self) -> u64;

    /// Whether messages are taken.
    fn is_writable(&self) -> bool;

    /// Whether the session is over, or will be when all that is queued has left.
    fn is_closing(&self) -> bool;

    /// Why the session is over; `None` while it isn't.
    fn close_reason(&self) -> Option<&Self::CloseReason>;

    /// Whether there is an event for the application.
    fn has_event(&self) -> bool;
}

/// Something to write to an upgraded connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know how to write each")]
pub enum FramedTransmit {
    /// Send this frame.
    Frame(Frame),
    /// Flush what was sent, then a close frame with this code. Nothing comes after it.
    Hangup(CloseCode),
}

pub(crate) mod sealed {
    /// Only the sessions of this crate are sessions.
    #[expect(unnameable_types, reason = "nobody else implements it")]
    pub trait Sealed {}
}

/// Writes the traits for a session; `$next` polls what is for an upgraded connection.
macro_rules! any_session {
    ($session:ty, $input:ident, $reason:ty, $next:expr) => {
        impl crate::any_session::sealed::Sealed for $session {}

        impl crate::any_session::FramedSession for $session {
            fn is_closed(&self) -> bool {
                self.is_closed()
            }

            fn has_transmit(&self, conn: ConnId) -> bool {
                self.has_transmit(conn)
            }

            fn is_hung_up(&self, conn: ConnId) -> bool {
                self.is_hung_up(conn)
            }

            fn wants_input(&self, conn: ConnId) -> bool {
                self.wants_input(conn)
            }

            fn poll_frame(&mut self, conn: ConnId) -> Option<crate::any_session::FramedTransmit> {
                $next(self, conn)
            }

            fn take_attachment(&mut self) -> Option<crate::attachments::Attachment> {
                self.core.common.outbox.take_attachment()
            }

            fn handle_frame(&mut self, now: Instant, conn: ConnId, frame: crate::frame::Frame) {
                self.handle_frame(now, conn, frame);
            }

            fn handle_failure(&mut self, now: Instant, conn: ConnId, why: Failure) {
                self.handle_input(now, $input::Failed(conn, why));
            }
        }

        impl crate::any_session::AnySession for $session {
            type CloseReason = $reason;

            fn handle_timeout(&mut self, now: Instant) {
                self.handle_timeout(now);
            }

            fn now(&self) -> Instant {
                self.core.common.now
            }

            fn depends_on_time(&self) -> bool {
                self.depends_on_time()
            }

            fn catch_up(&mut self, now: Instant) {
                self.catch_up(now);
            }

            #[inline(always)]
            fn send(&mut self, outgoing: Outgoing) -> Result<u64, SendError> {
                self.send(outgoing)
            }

            fn accepted(&self) -> u64 {
                self.accepted()
            }

            fn handed_over(&self) -> u64 {
                self.handed_over()
            }

            fn is_writable(&self) -> bool {
                self.is_writable()
            }

            fn is_closing(&self) -> bool {
                self.is_closing()
            }

            fn close_reason(&self) -> Option<&$reason> {
                self.close_reason()
            }

            fn has_event(&self) -> bool {
                self.has_event()
            }
        }
    };
}

pub(crate) use any_session;
