//! The session of a server's WebSocket.

use std::sync::Arc;
use std::task::Waker;

use engineio_proto::{ConnId, Sid};

use super::deadlines::Target;
use super::handler::{carry, exchange};
use super::running::Running;
use super::sender::Sender;
use super::session::ServerSession;
use crate::data::Data;
use crate::memory::{Budget, FREE, Holding, Part};
use crate::shared::alarm::Alarm;
use crate::shared::carried::{Carried, CarriedTurn};
use crate::shared::session::{Pace, Turn};
use crate::shared::waiters::Interest;

/// Counted, so that a closing server knows when the last one is gone.
pub(crate) struct ServerWebSocket<D: Data> {
    running: Arc<Running<D>>,
    sender: Sender<D>,
}

impl<D: Data> ServerWebSocket<D> {
    pub(crate) fn new(running: &Arc<Running<D>>, session: Arc<ServerSession<D>>) -> Self {
        running.core.websocket_began();
        Self { running: Arc::clone(running), sender: Sender::new(session) }
    }

    fn holding(&self) -> &Holding {
        &self.sender.session.side.holding
    }
}

impl<D: Data> Carried for ServerWebSocket<D> {
    fn turn(&self, pace: Pace, act: &mut dyn FnMut(CarriedTurn<'_>)) -> bool {
        let turned = carry(self.running.handler(), &self.sender.session, pace, |turn| {
            let Turn { now, session, waiters, .. } = turn;
            act(CarriedTurn { now: *now, session: *session, waiters });
        });
        turned.is_some()
    }

    fn exchange(&self, conn: ConnId, act: &mut dyn FnMut(CarriedTurn<'_>)) {
        exchange(self.running.handler(), &self.sender, conn, |turn| {
            let Turn { now, session, waiters, .. } = turn;
            act(CarriedTurn { now: *now, session: *session, waiters });
        });
    }

    fn seat_wakes(&self) -> u32 {
        self.sender.session.seat_wakes()
    }

    fn begin_linger(&self, unsent: usize) -> Arc<Alarm> {
        let core = &self.running.core;
        let linger = Arc::new(Alarm::default());
        if unsent > FREE && self.holding().is_shed() {
            // It ends because it doesn't take what it is sent.
            linger.ring();
        }
        let at = core.now() + core.config.linger();
        core.deadlines.arm(self.sender.sid(), at, Target::Alarm(Arc::downgrade(&linger)));
        linger
    }

    fn budget(&self) -> Option<&Arc<Budget>> {
        Some(&self.running.core.budget)
    }

    fn shift(&self, part: Part, from: usize, to: usize) {
        self.running.core.noticed(self.holding().shift(part, from, to));
    }

    fn holds_memory(&self) -> bool {
        self.holding().is_any()
    }

    fn hold_input(&self, conn: ConnId, waker: Option<&Waker>) -> bool {
        let held = carry(self.running.handler(), &self.sender.session, Pace::Full, |turn| {
            turn.session.hold_input(turn.now, waker.is_some());
            // A WebSocket that doesn't carry the session yet waits for the others alone.
            if let Some(waker) = waker.filter(|_| !turn.session.wants_input(conn)) {
                turn.waiters.seat(conn, waker, Interest::INPUT);
            }
        });
        held.is_some()
    }

    fn sid(&self) -> Option<Sid> {
        Some(self.sender.sid().clone())
    }
}

impl<D: Data> Drop for ServerWebSocket<D> {
    fn drop(&mut self) {
        self.running.core.websocket_ended();
    }
}
