//! What other threads have for one that does I/O.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use mio::net::TcpStream;
use mio::{Registry, Token};

use super::limits::Permit;

/// The messages of one thread. However many come while it sleeps, it is woken once.
#[derive(Debug)]
pub(crate) struct Mailbox {
    messages: Mutex<Messages>,
    /// Nobody has woken it since it began to sleep.
    is_asleep: AtomicBool,
    waker: mio::Waker,
}

#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// What can go on.
    pub(crate) woken: Vec<Token>,
    /// Connections that another worker accepted.
    pub(super) accepted: Vec<(TcpStream, Permit)>,
    /// Something has changed that concerns all.
    is_call: bool,
    /// The thread has ended: nobody reads messages any more.
    is_closed: bool,
}

impl Messages {
    /// Whether there was a [call](Mailbox::call).
    pub(super) const fn is_call(&self) -> bool {
        self.is_call
    }

    /// Keeps the room.
    pub(crate) fn clear(&mut self) {
        self.woken.clear();
        self.accepted.clear();
        self.is_call = false;
    }
}

impl Mailbox {
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(Self {
            messages: Mutex::default(),
            is_asleep: AtomicBool::new(false),
            waker: mio::Waker::new(registry, token)?,
        })
    }

    pub(super) fn hand_over(&self, socket: TcpStream, permit: Permit) {
        self.post(|messages| {
            if !messages.is_closed {
                messages.accepted.push((socket, permit));
            }
        });
    }

    /// Has the thread take a turn.
    pub(crate) fn call(&self) {
        self.post(|messages| messages.is_call = true);
    }

    fn post(&self, write: impl FnOnce(&mut Messages)) {
        write(&mut self.lock());
        if self.is_asleep.swap(false, Ordering::SeqCst) {
            // It fails only if the thread is gone.
            let _ = self.waker.wake();
        }
    }

    /// Whether the thread may sleep. From now on a message wakes it.
    pub(crate) fn fall_asleep(&self) -> bool {
        self.is_asleep.store(true, Ordering::SeqCst);
        let messages = self.lock();
        messages.woken.is_empty() && messages.accepted.is_empty() && !messages.is_call
    }

    /// The thread ends: connections that come from now on are dropped.
    pub(super) fn close(&self) {
        let spare = Messages { is_closed: true, ..Messages::default() };
        drop(self.take(spare));
    }

    /// The thread is awake, and takes what is there. `spare` has the room for what comes next.
    pub(crate) fn take(&self, spare: Messages) -> Messages {
        self.is_asleep.store(false, Ordering::SeqCst);
        mem::replace(&mut *self.lock(), spare)
    }

    /// Nothing that can panic is done under this lock.
    fn lock(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes what has this token, once until it is [reset](Self::reset).
pub(crate) struct TokenWaker {
    token: Token,
    is_woken: AtomicBool,
    mailbox: Arc<Mailbox>,
}

impl TokenWaker {
    pub(crate) fn new(token: Token, mailbox: &Arc<Mailbox>) -> Arc<Self> {
        Arc::new(Self { token, is_woken: AtomicBool::new(false), mailbox: Arc::clone(mailbox) })
    }

    /// What has happened up to now is being dealt with.
    pub(crate) fn reset(&self) {
        self.is_woken.store(false, Ordering::SeqCst);
    }
}

impl Wake for TokenWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_woken.swap(true, Ordering::SeqCst) {
            self.mailbox.post(|messages| messages.woken.push(self.token));
        }
    }
}
