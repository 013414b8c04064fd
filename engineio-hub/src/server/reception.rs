//! Handshakes that wait for the application.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, PoisonError};
use std::task::{Poll, Waker};

use engineio_proto::server::Unavailable;

use super::audience::Audience;
use super::handshake::Handshake;
use super::login::SharedLogin;
use super::pending::PendingHandshake;
use crate::data::Data;
use crate::shared::wakers::Wakers;
use crate::sync::{Mutex, MutexGuard};

/// Holds handshakes until the application picks them up, unless a login decides.
pub(crate) struct Reception<D: Data>(Mutex<Desk<D>>);

struct Desk<D: Data> {
    queue: VecDeque<Arrival<D>>,
    mode: Mode<D>,
    /// Tasks that wait for a handshake.
    acceptors: Wakers,
}

/// A handshake that wasn't picked up yet.
pub(crate) struct Arrival<D: Data> {
    pub(crate) pending: Arc<PendingHandshake<D>>,
    pub(crate) handshake: Handshake,
}

/// How a server is consumed.
pub(crate) enum Mode<D> {
    /// Not known yet.
    Undecided,
    /// The application takes handshakes one by one.
    PickedUp(Pickup),
    /// A login decides about each as it comes. The events of the sessions go to this audience.
    Login(SharedLogin<D>, Audience),
    /// The server is closing.
    Closed,
}

/// What picks up handshakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pickup {
    /// The application itself.
    Incoming,
    /// The stream of events, whose login decides.
    Events,
}

/// Where a new handshake goes.
pub(crate) enum Received<D: Data> {
    /// It waits to be picked up.
    Queued,
    /// This login decides.
    Login(Box<Arrival<D>>, SharedLogin<D>, Audience),
    /// The server is closing.
    Closed,
}

impl<D: Data> Reception<D> {
    pub(crate) fn new() -> Self {
        let (queue, acceptors) = (VecDeque::new(), Wakers::new());
        Self(Mutex::new(Desk { queue, mode: Mode::Undecided, acceptors }))
    }

    pub(crate) fn receive(&self, arrival: Arrival<D>) -> Received<D> {
        let mut desk = self.lock();
        match &desk.mode {
            Mode::Undecided | Mode::PickedUp(_) => {
                desk.queue.push_back(arrival);
                let acceptors = mem::take(&mut desk.acceptors);
                drop(desk);
                acceptors.wake();
                Received::Queued
            }
            Mode::Login(login, audience) => {
                Received::Login(Box::new(arrival), Arc::clone(login), *audience)
            }
            Mode::Closed => Received::Closed,
        }
    }

    /// The login that decides about a handshake, if there is one.
    pub(crate) fn login(&self) -> Option<(SharedLogin<D>, Audience)> {
        match &self.lock().mode {
            Mode::Login(login, audience) => Some((Arc::clone(login), *audience)),
            Mode::Undecided | Mode::PickedUp(_) | Mode::Closed => None,
        }
    }

    /// Takes the next handshake. `None`: there will be none.
    pub(crate) fn poll_next(&self, by: Pickup, waker: Option<&Waker>) -> Poll<Option<Arrival<D>>> {
        let mut desk = self.lock();
        if matches!(desk.mode, Mode::Undecided) {
            desk.mode = Mode::PickedUp(by);
        }
        if !matches!(desk.mode, Mode::PickedUp(known) if known == by) {
            return Poll::Ready(None);
        }
        // Some may be decided and not swept yet. They are dropped without the lock.
        let mut decided = Vec::new();
        let next = loop {
            match desk.queue.pop_front() {
                Some(arrival) if arrival.pending.is_decided() => decided.push(arrival),
                next => break next,
            }
        };
        if let (None, Some(waker)) = (&next, waker) {
            desk.acceptors.register(waker);
        }
        drop(desk);
        drop(decided);
        next.map_or(Poll::Pending, |arrival| Poll::Ready(Some(arrival)))
    }

    /// Sets how the server is consumed. Returns the waiting handshakes, for a login to decide
    /// about; `None` if the server is consumed in another way already.
    pub(crate) fn set_mode(&self, mode: Mode<D>) -> Option<VecDeque<Arrival<D>>> {
        let mut desk = self.lock();
        if !matches!(desk.mode, Mode::Undecided) {
            return None;
        }
        let is_login = matches!(mode, Mode::Login(..));
        desk.mode = mode;
        Some(if is_login { mem::take(&mut desk.queue) } else { VecDeque::new() })
    }

    /// Removes handshakes that are decided already.
    pub(crate) fn sweep(&self) {
        let mut desk = self.lock();
        let all = mem::take(&mut desk.queue);
        let (decided, queue): (VecDeque<_>, VecDeque<_>) =
            all.into_iter().partition(|arrival| arrival.pending.is_decided());
        if !queue.is_empty() {
            desk.queue = queue;
        }
        drop(desk);
        drop(decided);
    }

    /// Refuses all handshakes, those that wait and those that come.
    pub(crate) fn close(&self) {
        let mut desk = self.lock();
        let mode = mem::replace(&mut desk.mode, Mode::Closed);
        let queue = mem::take(&mut desk.queue);
        let acceptors = mem::take(&mut desk.acceptors);
        drop(desk);
        drop(mode);
        queue.iter().for_each(|arrival| arrival.pending.turn_away(Unavailable::Closing));
        acceptors.wake();
    }

    /// Nothing under this lock can panic.
    fn lock(&self) -> MutexGuard<'_, Desk<D>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
