//! A server's handler: callbacks, run by the task or thread that carries the connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use engineio_proto::server::{Event, Refusal};
use engineio_proto::{ConnId, Message, ServerCloseReason, Transport};

use super::audience::Batch;
use super::handshake::Handshake;
use super::sender::Sender;
use super::session::{ServerSession, ServerTurn};
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
    let mut batch = Batch::default();
    let (result, is_claimed) = session.turn_at(pace, |turn| {
        let result = act(turn);
        (result, turn.claim_for_handler() && turn.next_batch(&mut batch))
    })?;
    if is_claimed {
        tell_on(handler, &Sender::new(Arc::clone(session)), batch, |_| {});
    }
    Some(result)
}

/// Takes a turn for what has come on a connection of the session. Calls the handler with the
/// resulting events, and acts again in each turn that this takes: the connection stays awake.
pub(crate) fn exchange<D: Data>(
    handler: Option<&dyn Handler<D>>,
    sender: &Sender<D>,
    conn: ConnId,
    mut act: impl FnMut(&mut ServerTurn<'_, D>),
) {
    let session = &sender.session;
    let Some(handler) = handler else {
        session.turn(act);
        return;
    };
    let mut batch = Batch::default();
    let is_claimed = session.turn(|turn| {
        act(turn);
        let is_claimed = turn.claim_for_handler() && turn.next_batch(&mut batch);
        if is_claimed {
            turn.waiters.rouse_seat(conn);
        }
        is_claimed
    });
    if is_claimed == Some(true) {
        tell_on(handler, sender, batch, act);
    }
}

/// Calls the handler with all events of a claimed session.
pub(crate) fn tell<D: Data>(handler: &dyn Handler<D>, session: &Arc<ServerSession<D>>) {
    let mut batch = Batch::default();
    if session.quick_turn(|turn| turn.next_batch(&mut batch)) == Some(true) {
        tell_on(handler, &Sender::new(Arc::clone(session)), batch, |_| {});
    }
}

/// As [`tell`], beginning with this batch. Acts before each further one.
fn tell_on<D: Data>(
    handler: &dyn Handler<D>,
    sender: &Sender<D>,
    mut batch: Batch,
    mut act: impl FnMut(&mut ServerTurn<'_, D>),
) {
    let session = &sender.session;
    loop {
        if batch.is_opened {
            guard(session, || handler.opened(sender));
        }
        let mut next = batch.first.take();
        while let Some(event) = next {
            guard(session, || match event {
                Event::Message(message) => handler.message(sender, message),
                Event::Upgraded(transport) => handler.upgraded(sender, transport),
                Event::Closed(reason) => handler.closed(sender, reason),
                _ => {}
            });
            session.side.has_progressed.store(true, Relaxed);
            let is_blocked = session.side.is_blocked.load(Relaxed);
            next = if is_blocked { None } else { batch.events.pop_front() };
        }
        let is_more = session.quick_turn(|turn| {
            act(turn);
            turn.next_batch(&mut batch)
        });
        if is_more != Some(true) {
            return;
        }
    }
}

/// Calls the handler. If it panics, its session ends.
fn guard<D: Data>(session: &Arc<ServerSession<D>>, call: impl FnOnce()) {
    // The panic hook has reported it.
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        session.abort(ServerCloseReason::Panicked);
    }
}
