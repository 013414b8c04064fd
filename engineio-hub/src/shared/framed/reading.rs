//! The way in: from the stream to the session.

use std::mem;
use std::task::{Context, Poll, ready};

use engineio_proto::Failure;

use super::{Framed, Stage};
use crate::shared::carried::{Left, fill, give};
use crate::shared::intake::Intake;
use crate::shared::later::Later;
use crate::shared::session::Pace;
use crate::shared::task::Task;
use crate::shared::waiters::Interest;
use crate::websocket::Received;

impl Framed {
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
    /// something came, even the end.
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

    /// Keeps bytes that came before it was carried, for its first read.
    #[cfg(feature = "http1")]
    pub(crate) fn hold(&mut self, bytes: &[u8]) {
        self.held.keep(bytes);
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
