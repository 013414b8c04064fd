//! The one thread of a client: starts the requests that the session asks for, and moves bytes.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio_hub::client::Driver;
use engineio_hub::{Clock, Framed};
use engineio_proto::ConnId;
use http::StatusCode;
use mio::{Events, Token};

use super::connection::Connection;
use super::connector::Connector;
use super::error::LastError;
use super::exchange::Answer;
use super::request::{ClientRequest, Outcome, Tokens, Tools};
use crate::carry::{Turn, carry, scratch};
use crate::clock::StdClock;
use crate::wake::{TokenWaker, WakeQueue};

pub(super) struct Task {
    driver: Driver,
    clock: StdClock,
    last_error: LastError,
    poll: mio::Poll,
    wakes: Arc<WakeQueue>,
    token_waker: Arc<TokenWaker>,
    connector: Connector,
    tokens: Tokens,
    /// Requests that haven't finished.
    requests: Vec<ClientRequest>,
    /// Connections that wait for a request.
    idle: Vec<Connection>,
    sockets: Vec<(Connection, Framed)>,
    scratch: Box<[u8]>,
}

impl Task {
    pub(super) fn new(
        driver: Driver,
        connector: Connector,
        clock: StdClock,
        last_error: LastError,
    ) -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let mut tokens = Tokens::default();
        let wakes = WakeQueue::new(poll.registry(), tokens.next())?;
        let token_waker = TokenWaker::new(tokens.next(), &wakes);
        Ok(Self {
            driver,
            clock,
            last_error,
            poll,
            wakes,
            token_waker,
            connector,
            tokens,
            requests: Vec::new(),
            idle: Vec::new(),
            sockets: Vec::new(),
            scratch: scratch(),
        })
    }

    /// Runs until the session has ended and its WebSockets have written their last frames.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut woken = Vec::new();
        let waker = Waker::from(Arc::clone(&self.token_waker));
        let mut cx = Context::from_waker(&waker);
        loop {
            let is_over = self.start(&mut cx);
            let has_finished = self.poll_requests();
            // An idle connection with an event has ended, or is broken.
            self.idle.retain_mut(Connection::is_quiet);
            let has_more = self.poll_sockets(&mut cx);
            if is_over && self.sockets.is_empty() {
                return;
            }
            if let Err(error) = self.sleep(&mut events, &mut woken, has_finished || has_more) {
                // Nothing works without events. Dropping the driver ends the session.
                self.last_error.note(error.into());
                return;
            }
            for event in &events {
                self.requests.iter_mut().for_each(|request| request.ready(event));
                self.idle.iter_mut().for_each(|connection| connection.ready(event));
                self.sockets.iter_mut().for_each(|(connection, _)| connection.ready(event));
            }
        }
    }

    /// Starts the requests that the session asks for. Returns whether it is over.
    fn start(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let (conn, start) = match self.driver.poll_start(cx) {
                Poll::Ready(Some(start)) => start,
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            };
            let mut request = ClientRequest::new(conn, start, self.driver.body_limit());
            self.idle.retain_mut(Connection::is_quiet);
            let reused = self.idle.pop().map_or(Ok(()), |connection| request.reuse(connection));
            match reused {
                Ok(()) => self.requests.push(request),
                Err(outcome) => self.finish(conn, false, Err(outcome)),
            }
        }
    }

    /// Gives every request a turn. Returns whether any has finished.
    fn poll_requests(&mut self) -> bool {
        let mut has_finished = false;
        let mut place = 0;
        while let Some(request) = self.requests.get_mut(place) {
            let conn = request.conn;
            if self.driver.is_given_up(conn) {
                self.requests.swap_remove(place);
                continue;
            }
            let polled = request.poll(&mut Tools {
                connector: &mut self.connector,
                registry: self.poll.registry(),
                tokens: &mut self.tokens,
                now: self.clock.now(),
                scratch: &mut self.scratch,
            });
            if let Poll::Ready(outcome) = polled {
                let is_for_websocket = request.is_for_websocket;
                self.requests.swap_remove(place);
                self.finish(conn, is_for_websocket, outcome);
                has_finished = true;
            } else {
                place += 1;
            }
        }
        has_finished
    }

    fn finish(&mut self, conn: ConnId, is_for_websocket: bool, outcome: Outcome) {
        match outcome {
            Ok((answer, connection)) => self.answered(conn, is_for_websocket, answer, connection),
            Err((why, error)) => {
                // First, so that it is there when the end becomes known.
                self.last_error.note(error);
                self.driver.failed(conn, why);
            }
        }
    }

    fn answered(
        &mut self,
        conn: ConnId,
        is_for_websocket: bool,
        answer: Answer,
        connection: Connection,
    ) {
        let Answer { parts, body, rest, may_reuse } = answer;
        if is_for_websocket && parts.status == StatusCode::SWITCHING_PROTOCOLS {
            if let Some(mut framed) = self.driver.switched(conn, &parts) {
                if !rest.is_empty() {
                    framed.received(&rest);
                }
                self.sockets.push((connection, framed));
            }
            return;
        }
        if may_reuse && self.idle.len() < MOST_IDLE {
            self.idle.push(connection);
        }
        self.driver.answered(conn, &parts, body);
    }

    /// Gives every WebSocket a turn. Returns whether any could go on at once.
    fn poll_sockets(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_more = false;
        self.sockets.retain_mut(|(connection, framed)| {
            connection.flush();
            let turn = carry(connection, framed, &mut self.scratch, cx);
            has_more |= turn == Turn::Yielded;
            turn != Turn::Ended
        });
        has_more
    }

    /// Sleeps until there is something to do. If there is already, it only looks for events.
    fn sleep(
        &mut self,
        events: &mut Events,
        woken: &mut Vec<Token>,
        is_busy: bool,
    ) -> io::Result<()> {
        let requests = self.requests.iter().filter_map(ClientRequest::timeout);
        let until = self.driver.timeout().into_iter().chain(requests).min();
        let left = until.map(|until| until.saturating_since(self.clock.now()));
        let may_sleep = !is_busy && self.wakes.fall_asleep();
        let polled = self.poll.poll(events, if may_sleep { left } else { Some(Duration::ZERO) });
        // There is only one token: after it, everything has a turn.
        self.wakes.take(woken);
        self.token_waker.reset();
        match polled {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            polled => polled,
        }
    }
}

/// More than a client has connections.
const EVENTS: usize = 16;

/// A session has at most one GET and one POST at a time.
const MOST_IDLE: usize = 2;
