//! What other threads have for one that does I/O.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use mio::net::TcpStream;
use mio::{Registry, Token};

use super::limits::Permit;

/// The letters of one worker. However many come while it sleeps, it is woken once.
#[derive(Debug)]
pub(crate) struct Inbox {
    letters: Mutex<Letters>,
    /// Nobody has rung since it began to sleep.
    is_asleep: AtomicBool,
    bell: mio::Waker,
}

#[derive(Debug, Default)]
pub(super) struct Letters {
    /// What can go on.
    pub(super) woken: Vec<Token>,
    /// Connections that another worker accepted.
    pub(super) accepted: Vec<(TcpStream, Permit)>,
    /// Something has changed that concerns all.
    is_call: bool,
    /// The worker has ended: nobody reads letters any more.
    is_closed: bool,
}

impl Letters {
    /// Whether there was a [call](Inbox::call).
    pub(super) const fn is_call(&self) -> bool {
        self.is_call
    }

    /// Keeps the room.
    pub(super) fn clear(&mut self) {
        self.woken.clear();
        self.accepted.clear();
        self.is_call = false;
    }
}

impl Inbox {
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(Self {
            letters: Mutex::default(),
            is_asleep: AtomicBool::new(false),
            bell: mio::Waker::new(registry, token)?,
        })
    }

    pub(super) fn hand_over(&self, socket: TcpStream, permit: Permit) {
        self.post(|letters| {
            if !letters.is_closed {
                letters.accepted.push((socket, permit));
            }
        });
    }

    /// Has the worker take a turn.
    pub(crate) fn call(&self) {
        self.post(|letters| letters.is_call = true);
    }

    fn post(&self, write: impl FnOnce(&mut Letters)) {
        write(&mut self.lock());
        if self.is_asleep.swap(false, Ordering::SeqCst) {
            // It fails only if the worker is gone.
            let _ = self.bell.wake();
        }
    }

    /// Whether the worker may sleep. From now on a letter wakes it.
    pub(super) fn fall_asleep(&self) -> bool {
        self.is_asleep.store(true, Ordering::SeqCst);
        let letters = self.lock();
        letters.woken.is_empty() && letters.accepted.is_empty() && !letters.is_call
    }

    /// The worker ends: connections that come from now on are dropped.
    pub(super) fn close(&self) {
        let spare = Letters { is_closed: true, ..Letters::default() };
        drop(self.take(spare));
    }

    /// The worker is awake, and takes what is there. `spare` has the room for what comes next.
    pub(super) fn take(&self, spare: Letters) -> Letters {
        self.is_asleep.store(false, Ordering::SeqCst);
        mem::replace(&mut *self.lock(), spare)
    }

    /// Nothing that can panic is done under this lock.
    fn lock(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes what has this name, once until it is [reset](Self::reset).
pub(super) struct Bell {
    token: Token,
    has_rung: AtomicBool,
    inbox: Arc<Inbox>,
}

impl Bell {
    pub(super) fn new(token: Token, inbox: &Arc<Inbox>) -> Arc<Self> {
        Arc::new(Self { token, has_rung: AtomicBool::new(false), inbox: Arc::clone(inbox) })
    }

    /// What has happened up to now is being dealt with.
    pub(super) fn reset(&self) {
        self.has_rung.store(false, Ordering::SeqCst);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.has_rung.swap(true, Ordering::SeqCst) {
            self.inbox.post(|letters| letters.woken.push(self.token));
        }
    }
}
