//! A server's handler: callbacks, run by the thread that does the I/O.

use engineio_hub::{Data, Handshake};
use engineio_proto::server::Refusal;
use engineio_proto::{Message, ServerCloseReason, Transport};

use super::sender::Sender;

/// Hears what happens to all sessions of a server, by callbacks: the way to consume a server
/// that costs the least.
///
/// The callbacks of one session are called one after the other and in order: [`opened`], then
/// messages and the upgrade, at last [`closed`]. Those of different sessions may run at the same
/// time if there are several I/O threads. They run without any lock, in the I/O thread that
/// carries the connection, or in the thread that holds the [`Driver`](crate::Driver). So they
/// must not block: use [`Sender::try_send`], and hand work that takes longer to another thread.
/// What a callback sends to its own session leaves with the connection's next write.
///
/// A session whose outbox is above its [mark](crate::ServerConfig::outbox_high_water) isn't heard
/// until there is room again, and its connection isn't read meanwhile. It ends as
/// [overloaded](ServerCloseReason::Overloaded) if the client takes nothing for
/// [`stall_timeout`](crate::ServerConfig::stall_timeout).
///
/// A callback that panics ends its session ([`ServerCloseReason::Panicked`]), and no other.
///
/// [`opened`]: Self::opened
/// [`closed`]: Self::closed
pub trait Handler<D: Data = ()>: Send + Sync + 'static {
    /// A client asks for a session. Gives the data to keep with it, or the refusal, which
    /// [`Handshake::refuse`] makes.
    ///
    /// # Errors
    ///
    /// The refusal that the client gets.
    fn connect(&self, handshake: &Handshake) -> Result<D, Refusal>;

    /// The session is open. It hears what is sent from now on.
    fn opened(&self, session: &Sender<D>) {
        let _ = session;
    }

    /// The client sent a message.
    fn message(&self, session: &Sender<D>, message: Message);

    /// The session moved to another transport; nothing has to be done about it.
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
