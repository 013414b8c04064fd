//! The session that a WebSocket belongs to, and what moves between the two.

use std::sync::Arc;
use std::task::Waker;

use engineio_proto::{CloseCode, ConnId, Failure, FramedSession, FramedTransmit, Instant, Sid};

use super::alarm::Alarm;
use super::intake::Intake;
use super::later::Later;
use super::session::Pace;
use super::waiters::Waiters;
use crate::memory::{Budget, Part};
use crate::websocket::{Fault, Received, WRITE_AHEAD, WebSocket};

/// The session that a WebSocket belongs to, on either side.
pub(crate) trait Carried: Send + Sync {
    /// Takes one turn at the session. `false`: the session is gone.
    fn turn(&self, pace: Pace, act: &mut dyn FnMut(CarriedTurn<'_>)) -> bool;

    /// Takes a turn for what has come on this connection, and another each time that a handler has
    /// dealt with it: what it sent is there then.
    fn exchange(&self, conn: ConnId, act: &mut dyn FnMut(CarriedTurn<'_>));

    /// Counts the wake-ups of the session's connections; see [`Shared::seat_wakes`].
    ///
    /// [`Shared::seat_wakes`]: super::session::Shared::seat_wakes
    fn seat_wakes(&self) -> u32;

    /// Starts the connection's time limit for flushing so many bytes.
    fn begin_linger(&self, unsent: usize) -> Arc<Alarm>;

    /// The budget that the connection counts for. A client has none.
    fn budget(&self) -> Option<&Arc<Budget>> {
        None
    }

    /// Counts `to` bytes of a part of the session instead of `from`.
    fn shift(&self, part: Part, from: usize, to: usize) {
        let _ = (part, from, to);
    }

    /// Whether the session holds more than next to nothing.
    fn holds_memory(&self) -> bool {
        false
    }

    /// The connection isn't read for now, and this waker is woken when the session holds next to
    /// nothing; or it is read again. `false`: the session is gone.
    fn hold_input(&self, conn: ConnId, waker: Option<&Waker>) -> bool {
        let _ = (conn, waker);
        false
    }

    /// The identifier of the session, for logs.
    fn sid(&self) -> Option<Sid>;
}

/// The part of a turn that a WebSocket needs.
pub(crate) struct CarriedTurn<'a> {
    pub(crate) now: Instant,
    pub(crate) session: &'a mut dyn FramedSession,
    pub(crate) waiters: &'a mut Waiters,
}

/// What is left in the session after a connection took what it could.
pub(crate) enum Left {
    Nothing,
    /// There is more, and no room for it.
    Something,
    /// Nothing more will come.
    End,
}

/// Gives the session all messages that are complete. An error says why nothing more can be read.
pub(crate) fn give(
    socket: &mut WebSocket,
    intake: &mut Intake<'_>,
    conn: ConnId,
    turn: &mut CarriedTurn<'_>,
) -> Result<(), Failure> {
    match intake {
        Intake::Bytes(bytes) => loop {
            let received = socket.receive(bytes);
            if !give_one(socket, received, conn, turn)? || bytes.is_empty() {
                break;
            }
        },
        Intake::Decoded(decoded) => {
            while let Some(received) = decoded.pop_front() {
                give_one(socket, received.map(Some), conn, turn)?;
            }
        }
        Intake::Given => {}
    }
    *intake = Intake::Given;
    Ok(())
}

/// Gives the session what was received. Returns whether it was a message.
#[inline]
fn give_one(
    socket: &mut WebSocket,
    received: Result<Option<Received>, Fault>,
    conn: ConnId,
    turn: &mut CarriedTurn<'_>,
) -> Result<bool, Failure> {
    match received {
        Ok(Some(Received::Frame(frame))) => {
            turn.session.handle_frame(turn.now, conn, frame);
            Ok(true)
        }
        Ok(None) => Ok(false),
        Ok(Some(Received::Closed(code))) => {
            Err(Failure::Closed(code.map_or(CloseCode::NO_STATUS, CloseCode)))
        }
        Err(fault) => {
            // The WebSocket knows what was wrong, so it chooses the code.
            socket.close(fault.close_code());
            let is_length = fault.close_code() == CloseCode::TOO_LARGE.0;
            Err(if is_length { Failure::TooLarge } else { Failure::Malformed })
        }
    }
}

/// Moves the session's frames into the write buffer, as long as it has room. Where messages are
/// compressed, some go there `later`.
#[inline]
pub(crate) fn fill(
    socket: &mut WebSocket,
    later: Option<&mut Later>,
    conn: ConnId,
    turn: &mut CarriedTurn<'_>,
) -> Left {
    match later {
        None => fill_now(socket, conn, turn),
        Some(later) => fill_later(socket, later, conn, turn),
    }
}

fn fill_now(socket: &mut WebSocket, conn: ConnId, turn: &mut CarriedTurn<'_>) -> Left {
    while socket.unsent_len() < WRITE_AHEAD {
        match turn.session.poll_frame(conn) {
            Some(FramedTransmit::Frame(frame)) => socket.send_plain(frame),
            Some(FramedTransmit::Hangup(code)) => {
                socket.close(code.0);
                turn.waiters.forget_seat(conn);
                return Left::End;
            }
            None => return Left::Nothing,
        }
    }
    Left::Something
}

/// As [`fill_now`], but what is to be compressed, and all behind it, waits in `later`.
#[cold]
fn fill_later(
    socket: &mut WebSocket,
    later: &mut Later,
    conn: ConnId,
    turn: &mut CarriedTurn<'_>,
) -> Left {
    while socket.unsent_len() + later.len() < WRITE_AHEAD {
        match turn.session.poll_frame(conn) {
            Some(FramedTransmit::Frame(frame)) => later.send(socket, turn.session, frame),
            Some(FramedTransmit::Hangup(code)) => {
                later.close(socket, code.0);
                turn.waiters.forget_seat(conn);
                return Left::End;
            }
            None => return Left::Nothing,
        }
    }
    Left::Something
}
