//! A server's handler: callbacks, run by the thread that does the I/O.

use engineio_hub::{Data, Handshake};
use engineio_proto::server::Refusal;
use engineio_proto::{Message, ServerCloseReason, Transport};

use super::sender::Sender;

/// Receives what happens to all sessions of a server through callbacks: the cheapest way to consume
/// a server.
///
/// The callbacks of one session run one at a time and in order: [`opened`], then messages and the
/// upgrade, then [`closed`]. Those of different sessions may run at the same time if there are
/// several I/O threads. No lock is held. They run on the I/O thread that carries the connection, or
/// on the thread that holds the [`Driver`](crate::Driver), so they must not block: use
/// [`Sender::try_send`], and hand longer work to another thread. What a callback sends to its own
/// session leaves with the connection's next write.
///
/// While a session's outbox is above its [mark](crate::ServerConfig::outbox_high_water), its
/// callbacks aren't called and its connection isn't read. It ends as
/// [overloaded](ServerCloseReason::Overloaded) if the client takes nothing for
/// [`stall_timeout`](crate::ServerConfig::stall_timeout).
///
/// A callback that panics ends only its own session, as [`ServerCloseReason::Panicked`].
///
/// [`opened`]: Self::opened
/// [`closed`]: Self::closed
pub trait Handler<D: Data = ()>: Send + Sync + 'static {
    /// A client asks for a session. Returns the data to keep with it, or a refusal made by
    /// [`Handshake::refuse`].
    ///
    /// # Errors
    ///
    /// The refusal that the client gets.
    fn connect(&self, handshake: &Handshake) -> Result<D, Refusal>;

    /// The session is open, and messages can be sent to it.
    fn opened(&self, session: &Sender<D>) {
        let _ = session;
    }

    /// The client sent a message.
    fn message(&self, session: &Sender<D>, message: Message);

    /// The session moved to another transport. No action is needed.
    fn upgraded(&self, session: &Sender<D>, transport: Transport) {
        let _ = (session, transport);
    }

    /// The session ended. The last call for this session.
    fn closed(&self, session: &Sender<D>, reason: ServerCloseReason) {
        let _ = (session, reason);
    }
}

/// A handler as the hub knows them.
pub(super) struct Adapter<H>(pub(super) H);

impl<D: Data, H: Handler<D>> engineio_hub::Handler<D> for Adapter<H> {
    fn connect(&self, handshake: &Handshake) -> Result<D, Refusal> {
        self.0.connect(handshake)
    }

    fn opened(&self, session: &engineio_hub::Sender<D>) {
        self.0.opened(&Sender::new(session.clone()));
    }

    fn message(&self, session: &engineio_hub::Sender<D>, message: Message) {
        self.0.message(&Sender::new(session.clone()), message);
    }

    fn upgraded(&self, session: &engineio_hub::Sender<D>, transport: Transport) {
        self.0.upgraded(&Sender::new(session.clone()), transport);
    }

    fn closed(&self, session: &engineio_hub::Sender<D>, reason: ServerCloseReason) {
        self.0.closed(&Sender::new(session.clone()), reason);
    }
}
