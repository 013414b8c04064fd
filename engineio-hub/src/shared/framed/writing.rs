//! The way out: from the session to the stream.

use std::task::{Context, Poll};

use engineio_proto::CloseCode;

use super::{Framed, Stage, Write};
use crate::shared::carried::{Left, fill};
use crate::shared::later::Later;
use crate::shared::session::Pace;
use crate::shared::task::Task;
use crate::shared::waiters::{Interest, is_ending};
use crate::websocket::WRITE_AHEAD;

impl Framed {
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
}
