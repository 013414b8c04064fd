//! One thread's part of the I/O.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio_hub::{Data, RemoteAddr};

use engineio_proto::Instant;
use mio::net::TcpListener;
use mio::{Events, Token};

use super::acceptor::{Acceptor, turn_away};
use super::connections::Connections;
use super::engine::{Engine, Tools};
use super::expiry::Expiry;
use super::handle::{Accepted, WorkerHandle};
use super::tokens::{CALLER, HANDOVER, LISTENER, SESSIONS, STOP, WAKE};
use crate::carry::scratch;
use crate::wake::{TokenWaker, WakeQueue};

pub(crate) struct Worker<D: Data> {
    engine: Arc<Engine<D>>,
    poll: mio::Poll,
    events: Events,
    handle: Arc<WorkerHandle>,
    /// Tokens that other threads have woken, emptied in each turn.
    woken: Vec<Token>,
    connections: Connections<D>,
    scratch: Box<[u8]>,
    /// The first worker of a server accepts for all, until the server stops.
    acceptor: Option<Acceptor>,
    /// It also runs the deadlines of the sessions.
    expiry: Option<Expiry>,
}

impl<D: Data> Worker<D> {
    pub(super) fn new(engine: &Arc<Engine<D>>) -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let handle = WorkerHandle::new(WakeQueue::new(poll.registry(), WAKE)?);
        engine.worker_began();
        Ok(Self {
            engine: Arc::clone(engine),
            poll,
            events: Events::with_capacity(EVENTS),
            handle,
            woken: Vec::new(),
            connections: Connections::new(),
            scratch: scratch(),
            acceptor: None,
            expiry: None,
        })
    }

    /// The first worker of a server.
    pub(super) fn listening(engine: &Arc<Engine<D>>, listener: TcpListener) -> io::Result<Self> {
        let mut worker = Self::new(engine)?;
        worker.acceptor = Some(Acceptor::new(worker.poll.registry(), listener)?);
        worker.expiry = Some(Expiry::new(&worker.handle.wakes));
        Ok(worker)
    }

    pub(super) const fn handle(&self) -> &Arc<WorkerHandle> {
        &self.handle
    }

    /// Takes turns until the server stops.
    pub(super) fn run(mut self) {
        while self.turn(None) {}
    }

    /// Sleeps until there is something to do, but not beyond `until`, and does it. `false`: the
    /// server has stopped, and nothing is left to do.
    pub(crate) fn turn(&mut self, until: Option<Instant>) -> bool {
        let timeout = self.timeout(until);
        // A poll that is interrupted gives no events, and there is no other error.
        if self.poll.poll(&mut self.events, timeout).is_err() {
            self.events.clear();
        }
        let now = self.engine.hub.now();
        self.handle.wakes.take(&mut self.woken);
        let stop_at = self.engine.stop_at();
        if stop_at.is_some() {
            self.acceptor = None;
        }
        self.turn_connections(now, stop_at.is_some());
        self.accept(now);
        if let Some(expiry) = &mut self.expiry {
            expiry.turn(&self.engine.hub, now);
        }
        stop_at.is_none_or(|stop_at| now < stop_at && !self.connections.is_empty())
    }

    /// Takes turns until this is ready, but not beyond `until`: `None`.
    pub(crate) fn turn_until<T>(
        &mut self,
        until: Instant,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        let token_waker = TokenWaker::new(CALLER, &self.handle.wakes);
        let waker = Waker::from(Arc::clone(&token_waker));
        loop {
            token_waker.reset();
            if let Poll::Ready(output) = poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            if self.engine.hub.now() >= until || !self.turn(Some(until)) {
                return None;
            }
        }
    }

    /// How long to sleep for events.
    fn timeout(&self, until: Option<Instant>) -> Option<Duration> {
        if !self.handle.wakes.fall_asleep() || self.connections.has_yielded() {
            return Some(Duration::ZERO);
        }
        let now = self.engine.hub.now();
        let acceptor = self.acceptor.as_ref();
        if acceptor.is_some_and(|acceptor| acceptor.may_accept(now)) {
            return Some(Duration::ZERO);
        }
        let next = [
            until,
            self.engine.stop_at(),
            self.expiry.as_ref().and_then(Expiry::at),
            acceptor.and_then(Acceptor::paused_until),
            self.connections.next_deadline(),
        ];
        next.into_iter().flatten().min().map(|next| next.saturating_since(now))
    }

    /// Gives a turn to each connection that has something to do.
    fn turn_connections(&mut self, now: Instant, is_stopping: bool) {
        let mut tools = Tools {
            patience: self.engine.settings.idle_timeout,
            now,
            is_stopping,
            scratch: &mut self.scratch,
        };
        let connections = &mut self.connections;
        connections.turn_yielded(&mut tools);
        for event in &self.events {
            match event.token() {
                WAKE => {}
                LISTENER => self.acceptor.iter_mut().for_each(Acceptor::ready),
                _ => connections.ready(event, &mut tools),
            }
        }
        for token in &self.woken {
            match *token {
                SESSIONS => self.expiry.iter_mut().for_each(|expiry| expiry.wake(now)),
                HANDOVER => {
                    for accepted in self.handle.take() {
                        let (registry, wakes) = (self.poll.registry(), &self.handle.wakes);
                        let http = self.engine.connection(accepted.peer);
                        connections.insert(accepted, http, registry, wakes);
                    }
                }
                CALLER => {}
                STOP => connections.turn_all(&mut tools),
                token => connections.woken(token, &mut tools),
            }
        }
        connections.turn_due(&mut tools);
    }

    /// Accepts the connections that are there, and shares them out among the workers.
    fn accept(&mut self, now: Instant) {
        let Some(acceptor) = &mut self.acceptor else { return };
        let workers = self.engine.workers();
        for _ in 0..ACCEPTS_PER_TURN {
            let Some((socket, peer, worker)) = acceptor.accept(now, workers.len()) else { return };
            let peer = RemoteAddr(peer);
            let accepted = match self.engine.limits.admit(peer) {
                Ok(permit) => Accepted { socket, peer, permit },
                Err(fault) => {
                    turn_away(socket);
                    self.engine.hub.refuse_connection(fault, Some(peer));
                    continue;
                }
            };
            match workers.get(worker) {
                Some(other) if !Arc::ptr_eq(other, &self.handle) => {
                    other.hand_over(accepted);
                }
                _ => {
                    let http = self.engine.connection(accepted.peer);
                    let (registry, wakes) = (self.poll.registry(), &self.handle.wakes);
                    self.connections.insert(accepted, http, registry, wakes);
                }
            }
        }
    }
}

impl<D: Data> Drop for Worker<D> {
    fn drop(&mut self) {
        // Closed before anybody who waits for the end goes on.
        self.acceptor = None;
        self.handle.close();
        self.connections = Connections::new();
        self.engine.worker_ended();
    }
}

/// How many events are taken at once.
const EVENTS: usize = 1024;

/// How many connections are accepted before those that exist have their turn.
const ACCEPTS_PER_TURN: usize = 64;
