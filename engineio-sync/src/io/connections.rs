//! The connections of one worker.

use std::iter;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use engineio_hub::Data;
use engineio_hub::http1::ServerConnection;
use engineio_proto::Instant;
use mio::event::Event;
use mio::{Interest, Registry, Token};
use slab::Slab;

use super::connection::Connection;
use super::engine::Tools;
use super::handle::Accepted;
use super::timers::Timers;
use crate::carry::Turn;
use crate::wake::WakeQueue;

/// Connections by their tokens, and what makes one have a turn without an event or a wake-up.
pub(super) struct Connections<D: Data> {
    /// Boxed, since a slot of the slab is never freed.
    slab: Slab<Box<Connection<D>>>,
    timers: Timers,
    /// Those with more to do, which let others have their turn.
    yielded: Vec<Token>,
}

impl<D: Data> Connections<D> {
    pub(super) fn new() -> Self {
        Self { slab: Slab::new(), timers: Timers::default(), yielded: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slab.is_empty()
    }

    /// Whether any has more to do at once.
    pub(super) const fn has_yielded(&self) -> bool {
        !self.yielded.is_empty()
    }

    /// The next deadline of a connection, at the earliest.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Takes in a connection.
    pub(super) fn insert(
        &mut self,
        mut accepted: Accepted,
        http: ServerConnection<D>,
        registry: &Registry,
        wakes: &Arc<WakeQueue>,
    ) {
        let entry = self.slab.vacant_entry();
        let token = Token(entry.key());
        let interest = Interest::READABLE | Interest::WRITABLE;
        if registry.register(&mut accepted.socket, token, interest).is_ok() {
            entry.insert(Box::new(Connection::new(accepted, http, token, wakes)));
            // It has its first turn at once.
            self.yielded.push(token);
        }
    }

    /// Gives a turn to the connection that this event is for.
    pub(super) fn ready(&mut self, event: &Event, tools: &mut Tools<'_>) {
        if let Some(connection) = self.slab.get_mut(event.token().0) {
            connection.ready(event);
            self.woken(event.token(), tools);
        }
    }

    /// Gives a turn to this connection, which was woken. One that has yielded has its turn with the
    /// others that have: one in each round.
    pub(super) fn woken(&mut self, token: Token, tools: &mut Tools<'_>) {
        if self.slab.get(token.0).is_some_and(|connection| !connection.has_yielded) {
            self.turn(token, tools);
        }
    }

    /// Gives a turn to those that had more to do.
    pub(super) fn turn_yielded(&mut self, tools: &mut Tools<'_>) {
        for token in mem::take(&mut self.yielded) {
            if let Some(connection) = self.slab.get_mut(token.0) {
                connection.has_yielded = false;
                self.turn(token, tools);
            }
        }
    }

    /// Gives a turn to those whose deadline has come.
    pub(super) fn turn_due(&mut self, tools: &mut Tools<'_>) {
        let now = tools.now;
        // All are taken out first: what they are armed for next is not for this turn.
        let due: Vec<_> = iter::from_fn(|| self.timers.take_due(now)).collect();
        for (token, entry) in due {
            let Some(connection) = self.slab.get_mut(token.0) else { continue };
            if connection.timer.is_due(entry, now) {
                self.turn(token, tools);
            } else {
                self.timers.arm(token, &mut connection.timer);
            }
        }
    }

    pub(super) fn turn_all(&mut self, tools: &mut Tools<'_>) {
        let tokens = self.slab.iter().map(|(key, _)| Token(key)).collect::<Vec<_>>();
        tokens.into_iter().for_each(|token| self.turn(token, tools));
    }

    /// Gives a turn to this connection, if it is still there.
    pub(super) fn turn(&mut self, token: Token, tools: &mut Tools<'_>) {
        let Some(connection) = self.slab.get_mut(token.0) else { return };
        // A bug that panics in one connection ends no other.
        let turn = catch_unwind(AssertUnwindSafe(|| connection.turn(tools)));
        match turn.unwrap_or(Turn::Ended) {
            Turn::Waiting => self.timers.arm(token, &mut connection.timer),
            Turn::Yielded => {
                if !mem::replace(&mut connection.has_yielded, true) {
                    self.yielded.push(token);
                }
            }
            Turn::Ended => {
                let ended = self.slab.remove(token.0);
                let _ = catch_unwind(AssertUnwindSafe(|| drop(ended)));
            }
        }
    }
}
