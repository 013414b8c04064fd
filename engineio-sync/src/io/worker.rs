//! One thread's part of the I/O.

use std::io;
use std::iter;
use std::mem;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use engineio_proto::Instant;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

use super::connection::{Carrying, Connection};
use super::engine::Engine;
use super::inbox::{Bell, Inbox, Letters};
use super::limits::Permit;
use super::listener::{Door, turn_away};
use super::timers::Timers;
use crate::websocket::{Carried, scratch};

pub(crate) struct Worker<D: Send + Sync + 'static> {
    engine: Arc<Engine<D>>,
    poll: Poll,
    events: Events,
    inbox: Arc<Inbox>,
    /// Boxed: a place that was used once stays.
    connections: Slab<Box<Connection<D>>>,
    timers: Timers,
    scratch: Box<[u8]>,
    /// Those with more to do, whose turn was over.
    yielded: Vec<Token>,
    /// Room for letters.
    spare: Letters,
    /// The first worker does what there is only one of.
    porter: Option<Porter>,
}

/// Accepts connections, and lets time pass for the sessions.
struct Porter {
    door: Option<Door>,
    /// The worker that gets the next connection.
    next: usize,
    bell: Arc<Bell>,
    waker: Waker,
    /// When sessions have something to do next.
    expire_at: Option<Instant>,
}

impl<D: Send + Sync + 'static> Worker<D> {
    /// A worker, and what others reach it by.
    pub(super) fn new(engine: &Arc<Engine<D>>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let inbox = Arc::new(Inbox::new(poll.registry(), INBOX)?);
        engine.worker_began();
        Ok(Self {
            engine: Arc::clone(engine),
            poll,
            events: Events::with_capacity(EVENTS),
            inbox,
            connections: Slab::new(),
            timers: Timers::default(),
            scratch: scratch(),
            yielded: Vec::new(),
            spare: Letters::default(),
            porter: None,
        })
    }

    pub(crate) const fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Makes it the one that accepts.
    pub(super) fn listen(&mut self, mut listener: TcpListener) -> io::Result<()> {
        self.poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let bell = Bell::new(SESSIONS, &self.inbox);
        self.porter = Some(Porter {
            door: Some(Door::new(listener)),
            next: 0,
            waker: Waker::from(Arc::clone(&bell)),
            bell,
            expire_at: Some(Instant::ZERO),
        });
        Ok(())
    }

    /// Works until the server stops.
    pub(super) fn run(mut self) {
        while self.turn(None) {}
    }

    /// Sleeps until there is something to do, but not beyond `until`, and does it. `false`: the
    /// server has stopped, and nothing is left to do.
    pub(crate) fn turn(&mut self, until: Option<Instant>) -> bool {
        let stop_at = self.engine.stop_at();
        let timeout = self.timeout(until, stop_at);
        // An interrupted one gave no events, and there is no other error.
        if self.poll.poll(&mut self.events, timeout).is_err() {
            self.events.clear();
        }
        let now = self.engine.hub.now();
        let letters = self.inbox.take(mem::take(&mut self.spare));
        let stop_at = self.engine.stop_at();
        if stop_at.is_some() {
            self.close_door();
        }
        let mut turns = Turns {
            carrying: Carrying {
                hub: &self.engine.hub,
                settings: &self.engine.settings,
                now,
                is_stopping: stop_at.is_some(),
                scratch: &mut self.scratch,
            },
            connections: &mut self.connections,
            timers: &mut self.timers,
            yielded: &mut self.yielded,
        };
        for token in mem::take(turns.yielded) {
            if let Some(connection) = turns.connections.get_mut(token.0) {
                connection.has_yielded = false;
                turns.give(token);
            }
        }
        for event in &self.events {
            match event.token() {
                INBOX => {}
                LISTENER => {
                    let door = self.porter.as_mut().and_then(|porter| porter.door.as_mut());
                    door.into_iter().for_each(Door::ready);
                }
                token => {
                    if let Some(connection) = turns.connections.get_mut(token.0) {
                        connection.ready(event);
                        turns.give(token);
                    }
                }
            }
        }
        for token in &letters.woken {
            match *token {
                SESSIONS => {
                    let porter = self.porter.as_mut();
                    porter.into_iter().for_each(|porter| porter.expire_at = Some(now));
                }
                token => turns.give(token),
            }
        }
        turns.expire();
        let is_call = letters.is_call();
        if is_call && stop_at.is_some() {
            turns.give_all();
        }
        let accepted = self.keep(letters);
        for (socket, permit) in accepted {
            self.take_in(socket, permit, now);
        }
        self.open_door(now);
        self.let_time_pass(now);
        stop_at.is_none_or(|stop_at| now < stop_at && !self.connections.is_empty())
    }

    fn timeout(&self, until: Option<Instant>, stop_at: Option<Instant>) -> Option<Duration> {
        if !self.inbox.fall_asleep() || !self.yielded.is_empty() {
            return Some(Duration::ZERO);
        }
        let porter = self.porter.as_ref();
        let expire_at = porter.and_then(|porter| porter.expire_at);
        let door = porter.and_then(|porter| porter.door.as_ref());
        let now = self.engine.hub.now();
        if door.is_some_and(|door| door.is_open(now)) {
            return Some(Duration::ZERO);
        }
        let door = door.and_then(|door| door.closed_until);
        let next =
            [until, stop_at, expire_at, door, self.timers.next()].into_iter().flatten().min();
        next.map(|next| next.since_zero().saturating_sub(now.since_zero()))
    }

    /// Keeps the room of the letters for the next ones. What is left are the new connections.
    fn keep(&mut self, mut letters: Letters) -> Vec<(TcpStream, Permit)> {
        let accepted = mem::take(&mut letters.accepted);
        letters.clear();
        self.spare = letters;
        accepted
    }

    fn close_door(&mut self) {
        if let Some(porter) = &mut self.porter {
            porter.door = None;
        }
    }

    /// Accepts who is there, and shares them out.
    fn open_door(&mut self, now: Instant) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Some((socket, peer)) = self.accept(now) else { return };
            let Some(permit) = self.engine.limits.admit(peer) else {
                turn_away(socket);
                continue;
            };
            let inboxes = self.engine.inboxes();
            let Some(porter) = &mut self.porter else { return };
            let place = porter.next.checked_rem(inboxes.len()).unwrap_or(0);
            porter.next = place.saturating_add(1);
            match inboxes.get(place) {
                Some(inbox) if !Arc::ptr_eq(inbox, &self.inbox) => inbox.hand_over(socket, permit),
                _ => self.take_in(socket, permit, now),
            }
        }
    }

    fn accept(&mut self, now: Instant) -> Option<(TcpStream, SocketAddr)> {
        let door = self.porter.as_mut()?.door.as_mut()?;
        if door.is_open(now) { door.accept(now) } else { None }
    }

    /// Takes a connection in, and gives it its first turn.
    fn take_in(&mut self, mut socket: TcpStream, permit: Permit, now: Instant) {
        let entry = self.connections.vacant_entry();
        let token = Token(entry.key());
        let interest = Interest::READABLE | Interest::WRITABLE;
        if self.poll.registry().register(&mut socket, token, interest).is_ok() {
            let until = now + self.engine.settings.head_timeout;
            // It has its first turn at once.
            entry.insert(Box::new(Connection::new(socket, permit, token, &self.inbox, until)));
            self.yielded.push(token);
        }
    }

    fn let_time_pass(&mut self, now: Instant) {
        let Some(porter) = &mut self.porter else { return };
        if porter.expire_at.is_some_and(|at| at <= now) {
            porter.bell.reset();
            let cx = &mut Context::from_waker(&porter.waker);
            let hub = &self.engine.hub;
            porter.expire_at = hub.expire(cx);
        }
    }
}

/// The connections, and what one needs for a turn.
struct Turns<'a, D: Send + Sync + 'static> {
    carrying: Carrying<'a, D>,
    connections: &'a mut Slab<Box<Connection<D>>>,
    timers: &'a mut Timers,
    yielded: &'a mut Vec<Token>,
}

impl<D: Send + Sync + 'static> Turns<'_, D> {
    fn give(&mut self, token: Token) {
        let Some(connection) = self.connections.get_mut(token.0) else { return };
        let carrying = &mut self.carrying;
        // A fault of ours in one of them takes no other along.
        let carried = catch_unwind(AssertUnwindSafe(|| connection.turn(carrying)));
        match carried.unwrap_or(Carried::Ended) {
            Carried::Waiting => self.timers.arm(token, &mut connection.timer),
            Carried::Yielded => {
                if !mem::replace(&mut connection.has_yielded, true) {
                    self.yielded.push(token);
                }
            }
            Carried::Ended => {
                let ended = self.connections.remove(token.0);
                let _ = catch_unwind(AssertUnwindSafe(|| drop(ended)));
            }
        }
    }

    /// Gives a turn to those that have waited long enough.
    fn expire(&mut self) {
        let now = self.carrying.now;
        // All first: whatever they are armed for next, it isn't for this turn.
        let due: Vec<_> = iter::from_fn(|| self.timers.take_due(now)).collect();
        for (token, entry) in due {
            let Some(connection) = self.connections.get_mut(token.0) else { continue };
            if connection.timer.is_due(entry, now) {
                self.give(token);
            } else {
                self.timers.arm(token, &mut connection.timer);
            }
        }
    }

    fn give_all(&mut self) {
        let tokens = self.connections.iter().map(|(key, _)| Token(key)).collect::<Vec<_>>();
        tokens.into_iter().for_each(|token| self.give(token));
    }
}

impl<D: Send + Sync + 'static> Drop for Worker<D> {
    fn drop(&mut self) {
        self.inbox.close();
        self.engine.worker_ended();
    }
}

const LISTENER: Token = Token(usize::MAX);
const INBOX: Token = Token(usize::MAX - 1);
/// The sessions' deadlines.
const SESSIONS: Token = Token(usize::MAX - 2);

/// How many events are taken at once.
const EVENTS: usize = 1024;

/// How many connections are accepted before those that exist have their turn.
const ACCEPTS_PER_TURN: usize = 64;
