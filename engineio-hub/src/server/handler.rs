//! A server's handler: callbacks, run by the task or thread that carries the connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use engineio_proto::server::{Event, Refusal};
use engineio_proto::{Message, ServerCloseReason, Transport};

use super::handshake::Handshake;
use super::sender::Sender;
use super::session::{News, ServerSession, ServerTurn};
use crate::data::Data;
use crate::shared::session::Pace;

/// Receives what happens to all sessions of a server through callbacks: the cheapest way to consume
/// a server.
///
/// The callbacks of one session run one at a time and in order: [`opened`], then messages and the
/// upgrade, then [`closed`]. Those of different sessions may run at the same time. No lock is held.
/// They run on the task or I/O thread that carries the connection, so they must not block: use
/// [`Sender::try_send`], and hand longer work to another task or thread. What a callback sends to
/// its own session leaves with the connection's next write.
///
/// While a session's outbox is above its [mark](engineio_proto::ServerConfig::outbox_high_water),
/// its callbacks aren't called and its connection isn't read. It ends as
/// [overloaded](ServerCloseReason::Overloaded) if the client takes nothing for
/// [`stall_timeout`](engineio_proto::ServerConfig::stall_timeout).
///
/// A callback that panics ends only its own session, as [`ServerCloseReason::Panicked`].
///
/// [`opened`]: Self::opened
/// [`closed`]: Self::closed
pub trait Handler<D: Data>: Send + Sync + 'static {
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

/// Takes a turn for a connection of the session, and calls the handler with the resulting events.
pub(crate) fn carry<D: Data, R>(
    handler: Option<&dyn Handler<D>>,
    session: &Arc<ServerSession<D>>,
    pace: Pace,
    act: impl FnOnce(&mut ServerTurn<'_, D>) -> R,
) -> Option<R> {
    let Some(handler) = handler else { return session.turn_at(pace, act) };
    let (result, is_claimed) = session.turn_at(pace, |turn| {
        let result = act(turn);
        (result, turn.claim_for_handler())
    })?;
    if is_claimed {
        tell(handler, session);
    }
    Some(result)
}

/// Calls the handler with all events of a claimed session.
pub(crate) fn tell<D: Data>(handler: &dyn Handler<D>, session: &Arc<ServerSession<D>>) {
    let sender = Sender::new(Arc::clone(session));
    while let Some(Some(news)) = session.quick_turn(|turn| turn.next_news()) {
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
