//! A session's WebSocket, between a stream of bytes and the session.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use engineio_proto::{CloseCode, ConnId, Failure, Sid};

use super::carried::{Carried, Left, Task, fill, give};
use super::fairness::Fairness;
use super::gate::Gate;
use super::intake::{Held, Intake};
use super::later::Later;
use super::linger::Linger;
use super::session::Pace;
use super::waiters::{Interest, is_ending};
use crate::websocket::{Received, WRITE_AHEAD, WebSocket};

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
    linger: Option<Arc<Linger>>,
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
    /// End the writing side of the stream, say so with [`Framed::shut_down`], and read on.
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
        let is_over = self.linger.as_ref().is_some_and(|linger| linger.is_over());
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Ready when the stream may be read, for messages, and after the end for the peer's close
    /// frame: with how many bytes to read at most, no more than [`LONGEST_READ`](crate::LONGEST_READ).
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        let most = match self.stage {
            Stage::Open if !self.may_read || self.gate.is_exceeded() => ready!(self.poll_gate(cx)),
            Stage::Open | Stage::HungUp | Stage::Deaf { .. } => self.fairness.read_len(),
            // The stream has ended: reading on would only return the end again.
            Stage::Over => return Poll::Pending,
        };
        if self.held.is_empty() {
            return Poll::Ready(most);
        }
        self.take_held();
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads from the stream once, when it may be read, and takes what came. `read` fills the front
    /// of the buffer and says how many bytes came, or 0 at the end of the stream. The buffer is
    /// `scratch`, or the memory of a long payload, which then needn't be copied there. Ready when
    /// something came, be it the end.
    pub fn poll_receive<E>(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        read: impl FnOnce(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, E>>,
    ) -> Poll<()> {
        let most = ready!(self.poll_read(cx));
        let room = if self.stage == Stage::Open { self.socket.room(most) } else { None };
        if let Some(room) = room {
            let read = read(cx, room);
            // The room holds memory even if nothing has come.
            self.count_incoming();
            match ready!(read) {
                Ok(0) => self.ended(),
                Ok(count) => self.filled(count),
                Err(_) => self.failed(),
            }
        } else {
            let scratch = scratch.get_mut(..most).unwrap_or_default();
            match ready!(read(cx, scratch)) {
                Ok(0) => self.ended(),
                Ok(count) => self.received(scratch.get(..count).unwrap_or_default()),
                Err(_) => self.failed(),
            }
        }
        Poll::Ready(())
    }

    /// Takes bytes that were read to their place.
    fn filled(&mut self, count: usize) {
        self.fairness.note(count, 0);
        if self.socket.fill(count) {
            self.take(&mut &[][..]);
            self.fairness.note_work(self.socket.take_work());
            self.count_incoming();
        }
    }

    /// As [`poll_read`](Self::poll_read), while it isn't certain that the session takes more, or
    /// while all sessions together hold too much.
    #[cold]
    fn poll_gate(&mut self, cx: &Context<'_>) -> Poll<usize> {
        self.task = Task::of(cx);
        let Some(most) = self.gate.poll(&*self.session, self.conn, cx.waker()) else {
            self.may_read = false;
            return Poll::Pending;
        };
        let may_read = self.may_read || self.poll_input(cx);
        if may_read { Poll::Ready(self.fairness.read_len().min(most)) } else { Poll::Pending }
    }

    /// Asks the session whether it takes more.
    fn poll_input(&mut self, cx: &Context<'_>) -> bool {
        let Self { session, conn, may_read, task, .. } = self;
        *task = Task::of(cx);
        let is_there = session.turn(Pace::Full, &mut |turn| {
            *may_read = turn.session.wants_input(*conn);
            if !*may_read {
                turn.waiters.seat(*conn, cx.waker(), Interest::INPUT);
            }
        });
        *may_read || !is_there
    }

    /// Whether a binding should let its other connections go on before this one, which may have
    /// more to do at once. Ask it after [`received`](Self::received); the next turn begins when it
    /// returns `true`.
    pub const fn is_turn_over(&mut self) -> bool {
        self.fairness.is_turn_over()
    }

    /// Takes bytes from the stream.
    pub fn received(&mut self, bytes: &[u8]) {
        let frames = self.socket.frames();
        if self.socket.deflates() {
            self.receive_compressed(bytes);
        } else {
            self.take(&mut { bytes });
        }
        self.fairness.note(bytes.len(), self.socket.frames().wrapping_sub(frames));
        self.count_incoming();
    }

    /// Takes as much of it as one turn should, and holds back the rest.
    #[cold]
    fn receive_compressed(&mut self, mut bytes: &[u8]) {
        if self.held.is_empty() {
            self.take(&mut bytes);
        }
        self.held.keep(bytes);
        self.fairness.note_work(self.socket.take_work());
    }

    /// Takes what was held back, as far as one turn goes.
    #[cold]
    fn take_held(&mut self) {
        let mut held = mem::take(&mut self.held);
        held.take(|bytes| self.take(bytes));
        self.held = held;
        self.fairness.note_work(self.socket.take_work());
        self.count_incoming();
    }

    /// Counts the memory of what has come and isn't with the session.
    fn count_incoming(&mut self) {
        let incoming = self.socket.partial_len() + self.held.len();
        self.gate.count_incoming(&*self.session, incoming);
    }

    fn take(&mut self, bytes: &mut &[u8]) {
        if self.stage == Stage::Open {
            self.take_in(bytes);
        }
        match self.stage {
            Stage::Open => {}
            Stage::HungUp => self.await_close(mem::take(bytes)),
            Stage::Deaf { .. } | Stage::Over => *bytes = &[],
        }
    }

    /// Gives the session all messages that are complete, and takes what it has to write, in one
    /// turn.
    fn take_in(&mut self, bytes: &mut &[u8]) {
        let Self { session, conn, socket, stage, may_read, waiting, .. } = self;
        let (conn, session) = (*conn, &**session);
        *waiting = None;
        let mut intake = Intake::new(socket, bytes);
        let mut later = socket.deflates().then(Later::default);
        session.exchange(conn, &mut |mut turn| {
            if *stage != Stage::Open {
                return;
            }
            turn.waiters.rouse_seat(conn);
            if let Err(why) = give(socket, &mut intake, conn, &mut turn) {
                let is_closed = matches!(why, Failure::Closed(_));
                *stage = if is_closed { Stage::Over } else { Stage::Deaf { is_shut: false } };
                turn.session.handle_failure(turn.now, conn, why);
                return;
            }
            *may_read = turn.session.wants_input(conn);
            let interest = match fill(socket, later.as_mut(), conn, &mut turn) {
                Left::Nothing => Interest::TRANSMIT,
                Left::Something => Interest::END,
                Left::End => {
                    *stage = Stage::HungUp;
                    return;
                }
            };
            let is_seated = turn.waiters.resume_seat(conn, interest);
            let is_waiting = is_seated && interest == Interest::TRANSMIT;
            *waiting = is_waiting.then(|| session.seat_wakes());
        });
        if let Some(later) = later {
            later.finish(socket);
        }
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

    /// The next bytes to write, or what else to do with the writing side.
    pub fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Write<'_>> {
        let is_ending = match self.stage {
            Stage::Open if self.is_waiting(cx) => false,
            Stage::Open if self.has_room() => self.refill(cx),
            Stage::Open if self.fairness.has_compressed_enough() => self.give_way(cx),
            Stage::Open => self.await_end(cx),
            Stage::HungUp | Stage::Deaf { .. } | Stage::Over => true,
        };
        if is_ending {
            self.socket.discard();
            self.gate.count_incoming(&*self.session, 0);
            let begin = || self.session.begin_linger(self.socket.unsent_len());
            self.linger.get_or_insert_with(begin).wait(cx.waker());
        }
        let unsent = self.socket.unsent_len();
        self.gate.count_outgoing(&*self.session, unsent);
        if unsent > 0 {
            return Poll::Ready(Write::Bytes(self.socket.unsent()));
        }
        match self.stage {
            Stage::Deaf { is_shut: false } => Poll::Ready(Write::Shutdown),
            Stage::Over => Poll::Ready(Write::End),
            Stage::Open | Stage::HungUp | Stage::Deaf { is_shut: true } => Poll::Pending,
        }
    }

    /// Reports how many of the bytes were written.
    pub fn written(&mut self, count: usize) {
        self.socket.sent(count);
        if self.gate.has_outgoing() {
            self.gate.count_outgoing(&*self.session, self.socket.unsent_len());
        }
    }

    /// Reports that the writing side of the stream has ended.
    pub const fn shut_down(&mut self) {
        if let Stage::Deaf { is_shut } = &mut self.stage {
            *is_shut = true;
        }
    }

    fn has_room(&self) -> bool {
        self.socket.unsent_len() < WRITE_AHEAD && !self.fairness.has_compressed_enough()
    }

    /// Lets others have their turn when what was compressed is written. Returns whether the session
    /// or this connection has ended.
    #[cold]
    fn give_way(&mut self, cx: &Context<'_>) -> bool {
        if self.socket.unsent_len() > 0 {
            return self.await_end(cx);
        }
        self.fairness.has_given_way();
        cx.waker().wake_by_ref();
        false
    }

    /// Whether this task is registered as a waiter, and nothing has come since.
    fn is_waiting(&self, cx: &Context<'_>) -> bool {
        self.task == Task::of(cx) && self.waiting == Some(self.session.seat_wakes())
    }

    /// Moves the session's frames into the write buffer, and waits for more. Returns whether there
    /// will be none.
    fn refill(&mut self, cx: &Context<'_>) -> bool {
        let Self { session, conn, socket, task, waiting, .. } = self;
        let (conn, session) = (*conn, &**session);
        let mut is_over = false;
        *waiting = None;
        *task = Task::of(cx);
        let mut later = socket.deflates().then(Later::default);
        let is_there = session.turn(Pace::Quick, &mut |mut turn| {
            turn.waiters.rouse_seat(conn);
            let interest = match fill(socket, later.as_mut(), conn, &mut turn) {
                Left::Nothing => Interest::TRANSMIT,
                Left::Something => Interest::END,
                Left::End => {
                    is_over = true;
                    return;
                }
            };
            turn.waiters.seat(conn, cx.waker(), interest);
            if interest == Interest::TRANSMIT {
                *waiting = Some(session.seat_wakes());
            }
        });
        if let Some(later) = later {
            later.finish(socket);
            self.fairness.note_compressed(self.socket.take_work());
        }
        if !is_there {
            self.socket.close(CloseCode::AWAY.0);
        }
        is_over |= !is_there;
        if is_over {
            self.stage = Stage::HungUp;
        }
        is_over
    }

    /// Waits for the end of the session or of this connection, while there is enough to write.
    /// Returns whether it has come.
    fn await_end(&mut self, cx: &Context<'_>) -> bool {
        let mut is_over = true;
        self.task = Task::of(cx);
        self.session.turn(Pace::Quick, &mut |turn| {
            is_over = is_ending(turn.session, self.conn);
            if !is_over {
                turn.waiters.seat(self.conn, cx.waker(), Interest::END);
            }
        });
        is_over
    }

    /// Reads on for nothing but the peer's close frame.
    fn await_close(&mut self, mut bytes: &[u8]) {
        self.socket.ignore_compressed();
        loop {
            match self.socket.receive(&mut bytes) {
                Ok(Some(Received::Frame(_))) => {}
                Ok(Some(Received::Closed(_))) => {
                    self.stage = Stage::Over;
                    return;
                }
                Ok(None) | Err(_) => return,
            }
        }
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
