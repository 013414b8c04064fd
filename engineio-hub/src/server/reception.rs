//! Handshakes that wait for the application's word.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::{mem, ptr};

use engineio_proto::server::Opening;
use http::request::Parts;

use crate::server::hub::Hub;
use crate::server::incoming::Incoming;
use crate::server::pending::Waiting;
use crate::server::session::Audience;

/// Where handshakes wait and the application picks them up.
pub(crate) struct Reception<D: Send + Sync + 'static> {
    desk: Mutex<Desk<D>>,
    /// Handshakes without a verdict, picked up or not.
    waiting: AtomicUsize,
}

struct Desk<D: Send + Sync + 'static> {
    queue: VecDeque<Arrival<D>>,
    mode: Mode<D>,
    /// Tasks that wait for a handshake.
    acceptors: Vec<Waker>,
    /// Tasks that wait for the last session to end.
    ends: Vec<Waker>,
}

/// A handshake that nobody picked up yet. It doesn't hold the hub, which holds it.
pub(crate) struct Arrival<D: Send + Sync + 'static> {
    pub(crate) waiting: Arc<Waiting<D>>,
    pub(crate) request: Parts,
}

/// Who decides about handshakes.
enum Mode<D> {
    /// Nobody has asked yet.
    Undecided,
    /// The application takes them one by one.
    Handles,
    /// All are accepted, with data made by this; the application hears of them as
    /// events.
    Events(fn() -> D),
    /// The server stops.
    Closed,
}

impl<D: Send + Sync + 'static> Reception<D> {
    pub(crate) fn new() -> Self {
        let desk = Desk {
            queue: VecDeque::new(),
            mode: Mode::Undecided,
            acceptors: Vec::new(),
            ends: Vec::new(),
        };
        Self { desk: Mutex::new(desk), waiting: AtomicUsize::new(0) }
    }

    /// How many handshakes have no verdict.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Lets a handshake wait, and tells the application.
    pub(crate) fn receive(
        &self,
        hub: &Arc<Hub<D>>,
        opening: Opening,
        parts: &Parts,
    ) -> Arc<Waiting<D>> {
        self.waiting.fetch_add(1, Relaxed);
        let waiting = Waiting::new(hub, opening);
        let arrival = Arrival { waiting: Arc::clone(&waiting), request: parts.clone() };
        let mut desk = lock(&self.desk);
        match desk.mode {
            Mode::Undecided | Mode::Handles => {
                desk.queue.push_back(arrival);
                let acceptors = mem::take(&mut desk.acceptors);
                drop(desk);
                acceptors.into_iter().for_each(Waker::wake);
            }
            Mode::Events(data) => {
                drop(desk);
                Incoming::new(hub, arrival).open(data(), Audience::EVENTS);
            }
            Mode::Closed => {
                drop(desk);
                waiting.turn_away();
            }
        }
        waiting
    }

    /// The next handshake; `None` when there will be none.
    pub(crate) fn poll_incoming(
        &self,
        hub: &Arc<Hub<D>>,
        cx: &Context<'_>,
    ) -> Poll<Option<Incoming<D>>> {
        let mut desk = lock(&self.desk);
        loop {
            match desk.mode {
                Mode::Undecided => desk.mode = Mode::Handles,
                Mode::Handles => match desk.queue.pop_front() {
                    Some(arrival) => return Poll::Ready(Some(Incoming::new(hub, arrival))),
                    None => {
                        add(&mut desk.acceptors, cx.waker());
                        return Poll::Pending;
                    }
                },
                Mode::Events(_) | Mode::Closed => return Poll::Ready(None),
            }
        }
    }

    /// A handshake has its verdict, or needs none.
    pub(crate) fn count_down(&self) {
        self.waiting.fetch_sub(1, Relaxed);
    }

    /// Takes out a handshake that nobody has picked up and nobody waits for any more.
    pub(crate) fn forget(&self, waiting: &Waiting<D>) {
        let mut desk = lock(&self.desk);
        let is_it = |arrival: &Arrival<D>| ptr::eq(&*arrival.waiting, waiting);
        let place = desk.queue.iter().position(is_it);
        let arrival = place.and_then(|place| desk.queue.remove(place));
        if desk.queue.is_empty() {
            desk.queue = VecDeque::new();
        }
        drop(desk);
        drop(arrival);
    }

    /// From now on all handshakes are accepted as they come. Gives those that wait;
    /// `None` if somebody takes them another way already.
    pub(crate) fn take_all(&self, data: fn() -> D) -> Option<VecDeque<Arrival<D>>> {
        let mut desk = lock(&self.desk);
        if !matches!(desk.mode, Mode::Undecided) {
            return None;
        }
        desk.mode = Mode::Events(data);
        Some(mem::take(&mut desk.queue))
    }

    /// Refuses those that wait, and all that come.
    pub(crate) fn close(&self) {
        let mut desk = lock(&self.desk);
        desk.mode = Mode::Closed;
        let queue = mem::take(&mut desk.queue);
        let acceptors = mem::take(&mut desk.acceptors);
        drop(desk);
        queue.iter().for_each(|arrival| arrival.waiting.turn_away());
        acceptors.into_iter().for_each(Waker::wake);
    }

    /// Wakes this task at the next end of a session or connection.
    pub(crate) fn wait_for_end(&self, waker: &Waker) {
        add(&mut lock(&self.desk).ends, waker);
    }

    /// A session or a connection has ended.
    pub(crate) fn note_end(&self) {
        let ends = mem::take(&mut lock(&self.desk).ends);
        ends.into_iter().for_each(Waker::wake);
    }
}

/// Adds a task that waits, once.
pub(crate) fn add(waiters: &mut Vec<Waker>, waker: &Waker) {
    if !waiters.iter().any(|it| it.will_wake(waker)) {
        waiters.push(waker.clone());
    }
}

/// Nothing that can panic is done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
