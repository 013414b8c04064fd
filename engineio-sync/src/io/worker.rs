//! One thread's part of the I/O.

use std::io;
use std::iter;
use std::mem;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use engineio_hub::Data;
use engineio_proto::Instant;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

use super::connection::{Connection, Lent};
use super::engine::Engine;
use super::limits::Permit;
use super::listener::{Listener, turn_away};
use super::mailbox::{Mailbox, Messages, TokenWaker};
use super::timers::Timers;
use crate::websocket::{Next, scratch};

pub(crate) struct Worker<D: Data> {
    engine: Arc<Engine<D>>,
    poll: Poll,
    events: Events,
    mailbox: Arc<Mailbox>,
    /// Boxed: a place that was used once stays.
    connections: Slab<Box<Connection<D>>>,
    timers: Timers,
    scratch: Box<[u8]>,
    /// Those with more to do, whose turn was over.
    yielded: Vec<Token>,
    /// Room for messages.
    spare: Messages,
    /// The first worker does what there is only one of.
    acceptor: Option<Acceptor>,
}

/// Accepts connections, and lets time pass for the sessions.
struct Acceptor {
    listener: Option<Listener>,
    /// The worker that gets the next connection.
    next: usize,
    token_waker: Arc<TokenWaker>,
    waker: Waker,
    /// When sessions have something to do next.
    expire_at: Option<Instant>,
}

impl<D: Data> Worker<D> {
    /// A worker, and what others reach it by.
    pub(super) fn new(engine: &Arc<Engine<D>>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mailbox = Arc::new(Mailbox::new(poll.registry(), MAILBOX)?);
        engine.worker_began();
        Ok(Self {
            engine: Arc::clone(engine),
            poll,
            events: Events::with_capacity(EVENTS),
            mailbox,
            connections: Slab::new(),
            timers: Timers::default(),
            scratch: scratch(),
            yielded: Vec::new(),
            spare: Messages::default(),
            acceptor: None,
        })
    }

    pub(super) const fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Makes it the one that accepts.
    pub(super) fn listen(&mut self, mut listener: TcpListener) -> io::Result<()> {
        self.poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let token_waker = TokenWaker::new(SESSIONS, &self.mailbox);
        self.acceptor = Some(Acceptor {
            listener: Some(Listener::new(listener)),
            next: 0,
            waker: Waker::from(Arc::clone(&token_waker)),
            token_waker,
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
        let messages = self.mailbox.take(mem::take(&mut self.spare));
        let stop_at = self.engine.stop_at();
        if stop_at.is_some() {
            self.stop_listening();
        }
        let mut turns = Turns {
            lent: Lent {
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
                MAILBOX => {}
                LISTENER => {
                    let listener =
                        self.acceptor.as_mut().and_then(|acceptor| acceptor.listener.as_mut());
                    listener.into_iter().for_each(Listener::ready);
                }
                token => {
                    if let Some(connection) = turns.connections.get_mut(token.0) {
                        connection.ready(event);
                        turns.give(token);
                    }
                }
            }
        }
        for token in &messages.woken {
            match *token {
                SESSIONS => {
                    let acceptor = self.acceptor.as_mut();
                    acceptor.into_iter().for_each(|acceptor| acceptor.expire_at = Some(now));
                }
                token => turns.give(token),
            }
        }
        turns.expire();
        let is_call = messages.is_call();
        if is_call && stop_at.is_some() {
            turns.give_all();
        }
        let accepted = self.keep(messages);
        for (socket, permit) in accepted {
            self.add(socket, permit, now);
        }
        self.accept_all(now);
        self.expire_sessions(now);
        stop_at.is_none_or(|stop_at| now < stop_at && !self.connections.is_empty())
    }

    fn timeout(&self, until: Option<Instant>, stop_at: Option<Instant>) -> Option<Duration> {
        if !self.mailbox.fall_asleep() || !self.yielded.is_empty() {
            return Some(Duration::ZERO);
        }
        let acceptor = self.acceptor.as_ref();
        let expire_at = acceptor.and_then(|acceptor| acceptor.expire_at);
        let listener = acceptor.and_then(|acceptor| acceptor.listener.as_ref());
        let now = self.engine.hub.now();
        if listener.is_some_and(|listener| listener.may_accept(now)) {
            return Some(Duration::ZERO);
        }
        let listener = listener.and_then(|listener| listener.paused_until);
        let next =
            [until, stop_at, expire_at, listener, self.timers.next()].into_iter().flatten().min();
        next.map(|next| next.since_zero().saturating_sub(now.since_zero()))
    }

    /// Keeps the room of the messages for the next ones. What is left are the new connections.
    fn keep(&mut self, mut messages: Messages) -> Vec<(TcpStream, Permit)> {
        let accepted = mem::take(&mut messages.accepted);
        messages.clear();
        self.spare = messages;
        accepted
    }

    fn stop_listening(&mut self) {
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.listener = None;
        }
    }

    /// Accepts who is there, and shares them out.
    fn accept_all(&mut self, now: Instant) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Some((socket, peer)) = self.accept(now) else { return };
            let Some(permit) = self.engine.limits.admit(peer) else {
                turn_away(socket);
                continue;
            };
            let mailboxes = self.engine.mailboxes();
            let Some(acceptor) = &mut self.acceptor else { return };
            let place = acceptor.next.checked_rem(mailboxes.len()).unwrap_or(0);
            acceptor.next = place.saturating_add(1);
            match mailboxes.get(place) {
                Some(mailbox) if !Arc::ptr_eq(mailbox, &self.mailbox) => {
                    mailbox.hand_over(socket, permit)
                }
                _ => self.add(socket, permit, now),
            }
        }
    }

    fn accept(&mut self, now: Instant) -> Option<(TcpStream, SocketAddr)> {
        let listener = self.acceptor.as_mut()?.listener.as_mut()?;
        if listener.may_accept(now) { listener.accept(now) } else { None }
    }

    /// Takes a connection in, and gives it its first turn.
    fn add(&mut self, mut socket: TcpStream, permit: Permit, now: Instant) {
        let entry = self.connections.vacant_entry();
        let token = Token(entry.key());
        let interest = Interest::READABLE | Interest::WRITABLE;
        if self.poll.registry().register(&mut socket, token, interest).is_ok() {
            let until = now + self.engine.settings.head_timeout;
            // It has its first turn at once.
            entry.insert(Box::new(Connection::new(socket, permit, token, &self.mailbox, until)));
            self.yielded.push(token);
        }
    }

    fn expire_sessions(&mut self, now: Instant) {
        let Some(acceptor) = &mut self.acceptor else { return };
        if acceptor.expire_at.is_some_and(|at| at <= now) {
            acceptor.token_waker.reset();
            let cx = &mut Context::from_waker(&acceptor.waker);
            let hub = &self.engine.hub;
            acceptor.expire_at = hub.expire(cx);
        }
    }
}

/// The connections, and what one needs for a turn.
struct Turns<'a, D: Data> {
    lent: Lent<'a, D>,
    connections: &'a mut Slab<Box<Connection<D>>>,
    timers: &'a mut Timers,
    yielded: &'a mut Vec<Token>,
}

impl<D: Data> Turns<'_, D> {
    fn give(&mut self, token: Token) {
        let Some(connection) = self.connections.get_mut(token.0) else { return };
        let lent = &mut self.lent;
        // A fault of ours in one of them takes no other along.
        let next = catch_unwind(AssertUnwindSafe(|| connection.turn(lent)));
        match next.unwrap_or(Next::End) {
            Next::Wait => self.timers.arm(token, &mut connection.timer),
            Next::Yield => {
                if !mem::replace(&mut connection.has_yielded, true) {
                    self.yielded.push(token);
                }
            }
            Next::End => {
                let ended = self.connections.remove(token.0);
                let _ = catch_unwind(AssertUnwindSafe(|| drop(ended)));
            }
        }
    }

    /// Gives a turn to those that have waited long enough.
    fn expire(&mut self) {
        let now = self.lent.now;
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

impl<D: Data> Drop for Worker<D> {
    fn drop(&mut self) {
        self.mailbox.close();
        self.engine.worker_ended();
    }
}

const LISTENER: Token = Token(usize::MAX);
const MAILBOX: Token = Token(usize::MAX - 1);
/// The sessions' deadlines.
const SESSIONS: Token = Token(usize::MAX - 2);

/// How many events are taken at once.
const EVENTS: usize = 1024;

/// How many connections are accepted before those that exist have their turn.
const ACCEPTS_PER_TURN: usize = 64;
