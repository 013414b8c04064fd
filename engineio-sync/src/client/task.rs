//! The one thread of a client: starts what the session names, and carries bytes.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio_hub::client::Driver;
use engineio_hub::{Clock, Framed};
use engineio_proto::ConnId;
use http::StatusCode;
use mio::Events;

use super::BoxError;
use super::exchange::Answer;
use super::flight::{Flight, Landing, Tokens, Tools};
use super::link::Link;
use super::wake::Wake;
use super::way::Way;
use crate::clock::StdClock;
use crate::websocket::{Carried, carry, scratch};

/// Where a thread leaves the last error of the machine.
pub(super) type Setback = Arc<Mutex<Option<BoxError>>>;

pub(super) struct Task {
    driver: Driver,
    clock: StdClock,
    setback: Setback,
    poll: mio::Poll,
    wake: Arc<Wake>,
    way: Way,
    tokens: Tokens,
    /// Requests under way.
    flights: Vec<Flight>,
    /// Connections that wait for a request.
    idle: Vec<Link>,
    sockets: Vec<(Link, Framed)>,
    scratch: Box<[u8]>,
}

impl Task {
    pub(super) fn new(
        driver: Driver,
        way: Way,
        clock: StdClock,
        setback: Setback,
    ) -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let mut tokens = Tokens::default();
        let wake = Wake::new(poll.registry(), tokens.next())?;
        Ok(Self {
            driver,
            clock,
            setback,
            poll,
            wake,
            way,
            tokens,
            flights: Vec::new(),
            idle: Vec::new(),
            sockets: Vec::new(),
            scratch: scratch(),
        })
    }

    /// Ends with the session, and the last words of its WebSockets.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let waker = Waker::from(Arc::clone(&self.wake));
        let mut cx = Context::from_waker(&waker);
        loop {
            let is_over = self.start(&mut cx);
            let has_landed = self.poll_flights();
            // Nothing but the end can come of them.
            self.idle.retain_mut(Link::is_quiet);
            let has_more = self.poll_sockets(&mut cx);
            if is_over && self.sockets.is_empty() {
                return;
            }
            if let Err(error) = self.sleep(&mut events, has_landed || has_more) {
                // Without events there is nothing to be done: the drop of the driver says so.
                self.set_back(error.into());
                return;
            }
            for event in &events {
                self.flights.iter_mut().for_each(|flight| flight.ready(event));
                self.idle.iter_mut().for_each(|link| link.ready(event));
                self.sockets.iter_mut().for_each(|(link, _)| link.ready(event));
            }
        }
    }

    /// Starts what there is. Whether there will be nothing any more.
    fn start(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let (conn, start) = match self.driver.poll_start(cx) {
                Poll::Ready(Some(start)) => start,
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            };
            let mut flight = Flight::new(conn, start, self.driver.body_limit());
            self.idle.retain_mut(Link::is_quiet);
            let reused = self.idle.pop().map_or(Ok(()), |link| flight.reuse(link));
            match reused {
                Ok(()) => self.flights.push(flight),
                Err(landing) => self.land(conn, false, Err(landing)),
            }
        }
    }

    /// Gives every request a turn. Whether any has landed.
    fn poll_flights(&mut self) -> bool {
        let mut has_landed = false;
        let mut place = 0;
        while let Some(flight) = self.flights.get_mut(place) {
            let conn = flight.conn;
            if self.driver.is_given_up(conn) {
                self.flights.swap_remove(place);
                continue;
            }
            let polled = flight.poll(&mut Tools {
                way: &mut self.way,
                registry: self.poll.registry(),
                tokens: &mut self.tokens,
                now: self.clock.now(),
                scratch: &mut self.scratch,
            });
            if let Poll::Ready(landing) = polled {
                let is_for_websocket = flight.is_for_websocket;
                self.flights.swap_remove(place);
                self.land(conn, is_for_websocket, landing);
                has_landed = true;
            } else {
                place += 1;
            }
        }
        has_landed
    }

    fn land(&mut self, conn: ConnId, is_for_websocket: bool, landing: Landing) {
        match landing {
            Ok((answer, link)) => self.answered(conn, is_for_websocket, answer, link),
            Err((why, error)) => {
                // First, so that whoever hears of the end finds it.
                self.set_back(error);
                self.driver.failed(conn, why);
            }
        }
    }

    fn answered(&mut self, conn: ConnId, is_for_websocket: bool, answer: Answer, link: Link) {
        let Answer { parts, body, rest, may_reuse } = answer;
        if is_for_websocket && parts.status == StatusCode::SWITCHING_PROTOCOLS {
            if let Some(mut framed) = self.driver.switched(conn, &parts) {
                if !rest.is_empty() {
                    framed.received(&rest);
                }
                self.sockets.push((link, framed));
            }
            return;
        }
        if may_reuse && self.idle.len() < MOST_IDLE {
            self.idle.push(link);
        }
        self.driver.answered(conn, &parts, body);
    }

    /// Gives every WebSocket a turn. Whether any could go on at once.
    fn poll_sockets(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_more = false;
        self.sockets.retain_mut(|(link, framed)| {
            link.flush();
            let carried = carry(link, framed, &mut self.scratch, cx);
            has_more |= carried == Carried::Yielded;
            carried != Carried::Ended
        });
        has_more
    }

    /// Sleeps until there is something to do. One that is busy only looks for events.
    fn sleep(&mut self, events: &mut Events, is_busy: bool) -> io::Result<()> {
        let flights = self.flights.iter().filter_map(Flight::timeout);
        let until = self.driver.timeout().into_iter().chain(flights).min();
        let left = until.map(|until| until.saturating_since(self.clock.now()));
        let may_sleep = !is_busy && self.wake.lie_down();
        let polled = self.poll.poll(events, if may_sleep { left } else { Some(Duration::ZERO) });
        self.wake.rise();
        match polled {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            polled => polled,
        }
    }

    fn set_back(&self, error: BoxError) {
        *self.setback.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// More than a client has connections.
const EVENTS: usize = 16;

/// A session has a GET and a POST under way at most.
const MOST_IDLE: usize = 2;
