//! A client's session, as whoever sends has it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use engineio_proto::client::Session;
use engineio_proto::{ClientCloseReason, Outgoing, Revision, SendError, Sid, Transport};

use super::session::ClientSession;
use crate::shared::waits;

/// A session with a server, for sending. A clone is cheap and means the same session; it doesn't
/// keep the session open.
#[derive(Clone)]
pub struct ClientSender {
    pub(super) session: Arc<ClientSession>,
}

impl ClientSender {
    pub(super) const fn new(session: Arc<ClientSession>) -> Self {
        Self { session }
    }

    /// The identifier that the server gave the session.
    pub fn sid(&self) -> Option<Sid> {
        self.session.look(|session| session.sid().cloned()).flatten()
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.session.look(Session::transport).flatten()
    }

    /// The revision that is spoken.
    pub fn revision(&self) -> Option<Revision> {
        self.session.look(Session::revision)
    }

    /// How many bytes wait to leave.
    pub fn queued_bytes(&self) -> usize {
        self.session.look(Session::queued_bytes).unwrap_or(0)
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ClientCloseReason> {
        self.session.look(|session| session.close_reason().cloned()).flatten()
    }

    /// Queues a message as soon as there is room for it: waits while more than
    /// [`outbox_high_water`](engineio_proto::ClientConfig::outbox_high_water) bytes wait to
    /// leave. The future gives the message back with [`SendError::Closed`] if the session
    /// closes first, and with [`SendError::TooLarge`] if the server takes none of this length.
    /// If it is dropped before its end, nothing was queued.
    pub fn send<M: Into<Outgoing>>(
        &self,
        outgoing: M,
    ) -> impl Future<Output = Result<(), SendError>> + use<'_, M> {
        waits::send(&self.session, outgoing.into())
    }

    /// Queues a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::Closed`] or [`SendError::TooLarge`], with the message.
    pub fn try_send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        waits::try_send(&self.session, outgoing.into())
    }

    /// Waits until everything that was queued up to now has left for the server, or the
    /// session has ended.
    pub fn flush(&self) -> impl Future<Output = ()> {
        waits::flush(&self.session)
    }

    /// Closes the session when what is queued has left. Doesn't wait for that.
    pub fn close(&self) {
        self.session.turn(|turn| turn.session.close(turn.now));
    }

    /// Waits for the end of the session, and says why it ended.
    pub fn closed(&self) -> impl Future<Output = ClientCloseReason> {
        waits::closed(&self.session, ClientCloseReason::Application)
    }
}

impl fmt::Debug for ClientSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSender").field("sid", &self.sid()).finish_non_exhaustive()
    }
}
