//! Sessions with news, for a consumer of all sessions.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use crate::shared::wakers::Wakers;
use crate::sync::{Mutex, MutexGuard};

/// The sessions with news, each once.
pub(crate) struct ReadyQueue<S>(Mutex<Queue<S>>);

struct Queue<S> {
    sessions: VecDeque<Arc<S>>,
    readers: Wakers,
    /// The reader is gone.
    is_over: bool,
}

impl<S> ReadyQueue<S> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Queue {
            sessions: VecDeque::new(),
            readers: Wakers::new(),
            is_over: false,
        }))
    }

    /// Adds a session. Returns whether its news will be read.
    #[inline(never)]
    pub(crate) fn push(&self, session: &Arc<S>) -> bool {
        let mut queue = self.lock();
        if queue.is_over {
            return false;
        }
        queue.sessions.push_back(Arc::clone(session));
        let readers = mem::take(&mut queue.readers);
        drop(queue);
        readers.wake();
        true
    }

    /// Ends the queue. Returns the sessions whose news will never be read.
    pub(crate) fn end(&self) -> VecDeque<Arc<S>> {
        let mut queue = self.lock();
        queue.is_over = true;
        mem::take(&mut queue.sessions)
    }

    /// Wakes all readers, to check whether the server has closed.
    pub(crate) fn wake(&self) {
        let readers = mem::take(&mut self.lock().readers);
        readers.wake();
    }

    /// Takes the next session. If there is none, this waker is woken for the next one.
    pub(crate) fn next(&self, waker: Option<&Waker>) -> Option<Arc<S>> {
        let mut queue = self.lock();
        let session = queue.sessions.pop_front();
        if session.is_none()
            && let Some(waker) = waker
        {
            queue.readers.register(waker);
        }
        session
    }

    /// Nothing under this lock can panic.
    fn lock(&self) -> MutexGuard<'_, Queue<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
