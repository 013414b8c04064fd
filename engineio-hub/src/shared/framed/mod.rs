//! A session's WebSocket, between a stream of bytes and the session.

mod reading;
mod writing;

use std::fmt;
use std::sync::Arc;
use std::task::Poll;

use engineio_proto::{CloseCode, ConnId, Failure, Sid};

use super::alarm::Alarm;
use super::carried::Carried;
use super::fairness::Fairness;
use super::gate::Gate;
use super::intake::Held;
use super::session::Pace;
use super::task::Task;
use crate::websocket::WebSocket;

/// Carries a WebSocket for a binding, which only moves bytes:
///
/// 1. while [`poll_write`](Self::poll_write) gives bytes, write them to the stream and report how
///    many with [`written`](Self::written); or end the writing side, or close the stream, as it
///    says;
/// 2. while [`poll_receive`](Self::poll_receive) is ready, it reads from the stream; or, by hand:
///    when [`poll_read`](Self::poll_read) is ready, read from the stream and report the bytes with
///    [`received`](Self::received), the end with [`ended`](Self::ended) or an error with
///    [`failed`](Self::failed);
/// 3. when [`poll_abort`](Self::poll_abort) is ready, drop the stream;
/// 4. when [`is_turn_over`](Self::is_turn_over), let other connections go on before this one.
///
/// One task polls all three, and is woken for each of them. Dropping it means that the connection
/// is gone.
pub struct Framed {
    session: Box<dyn Carried>,
    conn: ConnId,
    socket: WebSocket,
    stage: Stage,
    /// Set once the session has no more use for the connection.
    linger: Option<Arc<Alarm>>,
    /// Counts what it holds.
    gate: Gate,
    /// The session took more when last asked.
    may_read: bool,
    held: Held,
    fairness: Fairness,
    /// The task that last registered itself as a waiter.
    task: Task,
    /// [`Carried::seat_wakes`] when that task had taken all there was to write, and registered
    /// itself for more.
    waiting: Option<u32>,
}

/// The stage of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// The close frame is queued. The peer's frames are read and discarded up to its own close
    /// frame: closing the stream with unread bytes would reset it, and the peer might lose our
    /// close frame.
    HungUp,
    /// As `HungUp`, but after a fault: the peer's close frame can't be found any more, so ending
    /// our side has to make the peer end its own.
    Deaf {
        is_shut: bool,
    },
    /// Both sides have closed. Queued bytes still have to be written.
    Over,
}

/// What to do about writing. `Debug` shows no bytes.
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Write<'a> {
    /// Write these bytes, the first part and then the second, as many as the stream takes. Only
    /// the second may be empty.
    Bytes([&'a [u8]; 2]),
    /// End the writing side of the stream, say so with [`Wire::shut_down`](crate::Wire::shut_down),
    /// and read on.
    Shutdown,
    /// Everything is written, and nothing more will come: close the stream.
    End,
}

impl fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(parts) => f.debug_tuple("Bytes").field(&parts.map(<[u8]>::len)).finish(),
            Self::Shutdown => f.write_str("Shutdown"),
            Self::End => f.write_str("End"),
        }
    }
}

impl Framed {
    pub(crate) fn new(session: Box<dyn Carried>, conn: ConnId, socket: WebSocket) -> Self {
        let stage = Stage::Open;
        let gate = Gate::new(&*session);
        Self {
            session,
            conn,
            socket,
            stage,
            linger: None,
            gate,
            may_read: true,
            held: Held::default(),
            fairness: Fairness::default(),
            task: Task::NONE,
            waiting: None,
        }
    }

    /// The identifier of its session, for logs. `None`: the session isn't open yet.
    pub fn sid(&self) -> Option<Sid> {
        self.session.sid()
    }

    /// Ready when the stream must be dropped now, even with unwritten bytes. Poll it after
    /// [`poll_write`](Self::poll_write), which registers the wake-up for it.
    pub fn poll_abort(&self) -> Poll<()> {
        let is_over = self.linger.as_ref().is_some_and(|linger| linger.has_rung());
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whether a binding should let its other connections go on before this one, which may have
    /// more to do at once. Ask it after [`received`](Self::received); the next turn begins when it
    /// returns `true`.
    pub const fn is_turn_over(&mut self) -> bool {
        self.fairness.is_turn_over()
    }

    /// Reports the end of the stream.
    pub fn ended(&mut self) {
        self.fail(Failure::Closed(CloseCode::ABNORMAL));
    }

    /// Reports an error of the stream.
    pub fn failed(&mut self) {
        self.fail(Failure::Gone);
    }

    fn fail(&mut self, why: Failure) {
        if self.stage == Stage::Open {
            self.session.turn(Pace::Full, &mut |turn| {
                turn.session.handle_failure(turn.now, self.conn, why)
            });
        }
        self.stage = Stage::Over;
    }
}

impl Drop for Framed {
    fn drop(&mut self) {
        self.session.turn(Pace::Full, &mut |turn| {
            turn.waiters.forget_seat(self.conn);
            turn.session.handle_failure(turn.now, self.conn, Failure::Gone);
        });
        self.gate.end(&*self.session);
    }
}

impl fmt::Debug for Framed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framed").field("stage", &self.stage).finish_non_exhaustive()
    }
}
