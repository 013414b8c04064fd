//! What a reconnecting client shares with its senders.

use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use crate::client::sender::ClientSender;
use crate::sync::{Mutex, MutexGuard};

/// The current session, and what senders ask for. Nobody is woken under its lock, and no session is
/// touched.
#[derive(Default)]
pub(super) struct Link(Mutex<State>);

#[derive(Default)]
struct State {
    session: Option<ClientSender>,
    /// No more sessions will follow: they aren't wanted, or aren't possible.
    is_closed: bool,
    /// The next attempt is to follow at once.
    is_asked: bool,
    /// The task of the client, while there is no session.
    client: Option<Waker>,
    /// The tasks that wait for a session.
    waiting: Vec<(u64, Waker)>,
    last_id: u64,
}

impl Link {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is this session. Returns whether the application still wants one.
    pub(super) fn open(&self, session: ClientSender) -> bool {
        let mut state = self.lock();
        state.session = Some(session);
        state.is_asked = false;
        let is_wanted = !state.is_closed;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        wake(waiting);
        is_wanted
    }

    /// The session is lost.
    pub(super) fn lose(&self) {
        let session = self.lock().session.take();
        drop(session);
    }

    /// There will be no other session.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let session = state.session.take();
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(session);
        wake(waiting);
    }

    /// The current session, if there is one.
    pub(super) fn session(&self) -> Option<ClientSender> {
        self.lock().session.clone()
    }

    /// Asks for no more sessions, and closes the current one.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let (session, client) = (state.session.clone(), state.client.take());
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        session.into_iter().for_each(|session| session.close());
        client.into_iter().for_each(Waker::wake);
        wake(waiting);
    }

    /// Asks for an attempt at once, unless there is a session.
    pub(super) fn retry_now(&self) {
        let mut state = self.lock();
        if state.session.is_some() {
            return;
        }
        state.is_asked = true;
        let client = state.client.take();
        drop(state);
        client.into_iter().for_each(Waker::wake);
    }

    /// Whether an attempt at once is asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.lock().is_asked
    }

    /// The same, and it no longer is.
    pub(super) fn take_asked(&self) -> bool {
        std::mem::take(&mut self.lock().is_asked)
    }

    /// Whether no more sessions will follow.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Whether the application wants no more sessions. If it does want one, the task is woken when
    /// that changes, and when an attempt at once is asked for.
    pub(super) fn poll_closed(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        if state.is_closed {
            return true;
        }
        let before = state.client.replace(cx.waker().clone());
        drop(state);
        drop(before);
        false
    }

    /// Waits for a session that takes messages. `None`: there will be none. `id` is the caller's
    /// place among those who wait.
    pub(super) fn poll_session(
        &self,
        id: &mut Option<u64>,
        cx: &Context<'_>,
    ) -> Poll<Option<ClientSender>> {
        let mut ended: Option<ClientSender> = None;
        let mut state = loop {
            let state = self.lock();
            if state.is_closed {
                return Poll::Ready(None);
            }
            let session = state.session.clone();
            let is_new = |it: &ClientSender| !ended.as_ref().is_some_and(|ended| ended.is_same(it));
            let Some(session) = session.filter(is_new) else {
                break state;
            };
            drop(state);
            if session.is_open() {
                return Poll::Ready(Some(session));
            }
            // Another follows once the client has noticed. That may be now.
            ended = Some(session);
        };
        let id = *id.get_or_insert_with(|| {
            state.last_id += 1;
            state.last_id
        });
        let place = state.waiting.iter().position(|(known, _)| *known == id);
        let before = place.map(|place| state.waiting.swap_remove(place));
        state.waiting.push((id, cx.waker().clone()));
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// Gives up a place among those who wait.
    pub(super) fn forget(&self, id: u64) {
        let mut state = self.lock();
        let place = state.waiting.iter().position(|(known, _)| *known == id);
        let before = place.map(|place| state.waiting.swap_remove(place));
        drop(state);
        drop(before);
    }
}

fn wake(waiting: Vec<(u64, Waker)>) {
    waiting.into_iter().for_each(|(_, waker)| waker.wake());
}
