//! A server's handler: callbacks, run by whoever carries the connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use engineio_proto::server::{Event, Refusal};
use engineio_proto::{Message, ServerCloseReason, Transport};

use super::handshake::Handshake;
use super::sender::Sender;
use super::session::{News, ServerSession, ServerTurn};
use crate::data::Data;

/// Hears what happens to all sessions of a server, by callbacks: the way to consume a server
/// that costs the least.
///
/// The callbacks of one session are called one after the other and in order: [`opened`], then
/// messages and the upgrade, at last [`closed`]. Those of different sessions may run at the same
/// time. They run without any lock, in the task or I/O thread that carries the connection, so
/// they must not block: use [`Sender::try_send`], and hand work that takes longer to another
/// task or thread. What a callback sends to its own session leaves with the connection's next
/// write.
///
/// A session whose outbox is above its
/// [mark](engineio_proto::ServerConfig::outbox_high_water) isn't heard until there is room again,
/// and its connection isn't read meanwhile. It ends as
/// [overloaded](ServerCloseReason::Overloaded) after
/// [`stall_timeout`](engineio_proto::ServerConfig::stall_timeout).
///
/// A callback that panics ends its session ([`ServerCloseReason::Panicked`]), and no other.
///
/// [`opened`]: Self::opened
/// [`closed`]: Self::closed
pub trait Handler<D: Data>: Send + Sync + 'static {
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

/// Takes a turn for whoever carries a connection of the session, and calls the handler with what
/// came of it.
pub(crate) fn carry<D: Data, R>(
    handler: Option<&dyn Handler<D>>,
    session: &Arc<ServerSession<D>>,
    act: impl FnOnce(&mut ServerTurn<'_, D>) -> R,
) -> Option<R> {
    let Some(handler) = handler else { return session.turn(act) };
    let (result, is_claimed) = session.turn(|turn| {
        let result = act(turn);
        (result, turn.claim_for_handler())
    })?;
    if is_claimed {
        tell(handler, session);
    }
    Some(result)
}

/// Calls the handler with all that a session, which is claimed, has to tell.
pub(crate) fn tell<D: Data>(handler: &dyn Handler<D>, session: &Arc<ServerSession<D>>) {
    let sender = Sender::new(Arc::clone(session));
    while let Some(Some(news)) = session.turn(|turn| turn.next_news()) {
        let told = catch_unwind(AssertUnwindSafe(|| match news {
            News::Opened => handler.opened(&sender),
            News::Event(Event::Message(message)) => handler.message(&sender, message),
            News::Event(Event::Upgraded(transport)) => handler.upgraded(&sender, transport),
            News::Event(Event::Closed(reason)) => handler.closed(&sender, reason),
            News::Event(_) => {}
        }));
        // The panic hook has reported it.
        if told.is_err() {
            session.abort(ServerCloseReason::Panicked);
        }
    }
}
