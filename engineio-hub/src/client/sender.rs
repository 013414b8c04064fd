//! A handle that sends on a client's session.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use engineio_proto::client::Session;
use engineio_proto::{ClientCloseReason, Outgoing, Revision, SendError, Sid, Transport};

use super::session::ClientSession;
use crate::shared::waits;

/// A handle that sends on a session. Clones are cheap and send on the same session; they don't keep
/// it open.
#[derive(Clone)]
pub struct ClientSender {
    pub(super) session: Arc<ClientSession>,
}

impl ClientSender {
    pub(super) const fn new(session: Arc<ClientSession>) -> Self {
        Self { session }
    }

    /// Whether the session takes messages.
    pub(super) fn is_open(&self) -> bool {
        self.session.look(|session| !session.is_closing()).unwrap_or(false)
    }

    /// Whether both send on the same session.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.session, &other.session)
    }

    /// How many messages were queued and never left.
    pub(super) fn unsent(&self) -> u64 {
        let unsent = |session: &Session| session.accepted().saturating_sub(session.handed_over());
        self.session.look(unsent).unwrap_or(0)
    }

    /// The identifier that the server gave the session.
    pub fn sid(&self) -> Option<Sid> {
        self.session.look(|session| session.sid().cloned()).flatten()
    }

    /// The transport that messages travel on now; `None` once the session has ended.
    pub fn transport(&self) -> Option<Transport> {
        self.session.look(Session::transport).flatten()
    }

    /// The revision of the protocol that the session speaks.
    pub fn revision(&self) -> Option<Revision> {
        self.session.look(Session::revision)
    }

    /// How many bytes are queued and haven't left.
    pub fn queued_bytes(&self) -> usize {
        self.session.look(Session::queued_bytes).unwrap_or(0)
    }

    /// Why the session ended; `None` while it hasn't.
    pub fn close_reason(&self) -> Option<ClientCloseReason> {
        self.session.look(|session| session.close_reason().cloned()).flatten()
    }

    /// Queues a message. Waits while more than
    /// [`outbox_high_water`](engineio_proto::ClientConfig::outbox_high_water) bytes are queued. The
    /// future gives the message back with [`SendError::Closed`] if the session closes first, and
    /// with [`SendError::TooLarge`] if the message is longer than the server accepts. If it is
    /// dropped before it is ready, nothing was queued.
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

    /// Waits until all messages queued so far have left for the server, or the session has ended.
    pub fn flush(&self) -> impl Future<Output = ()> {
        waits::flush(&self.session)
    }

    /// Closes the session when the queued messages have left. Doesn't wait for that.
    pub fn close(&self) {
        self.session.turn(|turn| turn.session.close(turn.now));
    }

    /// Waits until the session has ended, and returns why.
    pub fn closed(&self) -> impl Future<Output = ClientCloseReason> {
        waits::closed(&self.session, ClientCloseReason::Application)
    }
}

impl fmt::Debug for ClientSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSender").field("sid", &self.sid()).finish_non_exhaustive()
    }
}
