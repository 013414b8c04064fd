//! Waking a thread that sleeps for sockets.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use mio::{Registry, Token};

/// The tokens that other threads have woken, for the one thread that sleeps in a poll.
///
/// However many come while it sleeps, it is woken once.
#[derive(Debug)]
pub(crate) struct WakeQueue {
    tokens: Mutex<Vec<Token>>,
    /// No token has come since the thread began to sleep.
    is_asleep: AtomicBool,
    poll: mio::Waker,
}

impl WakeQueue {
    /// `token` is that of the event that ends the sleep; the event itself says nothing.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            tokens: Mutex::default(),
            is_asleep: AtomicBool::new(false),
            poll: mio::Waker::new(registry, token)?,
        }))
    }

    pub(crate) fn wake(&self, token: Token) {
        self.lock().push(token);
        if self.is_asleep.swap(false, Ordering::SeqCst) {
            // This fails if the system is out of memory; the sleep then ends at its timeout.
            let _ = self.poll.wake();
        }
    }

    /// Whether the thread may sleep. From now on a token wakes it.
    pub(crate) fn fall_asleep(&self) -> bool {
        self.is_asleep.store(true, Ordering::SeqCst);
        self.lock().is_empty()
    }

    /// The thread is awake and takes the tokens that have come. The room in `tokens` is used for
    /// the next ones.
    pub(crate) fn take(&self, tokens: &mut Vec<Token>) {
        self.is_asleep.store(false, Ordering::SeqCst);
        tokens.clear();
        mem::swap(&mut *self.lock(), tokens);
    }

    /// Nothing that can panic is done under this lock.
    fn lock(&self) -> MutexGuard<'_, Vec<Token>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts its token into the queue, once until it is [reset](Self::reset).
pub(crate) struct TokenWaker {
    token: Token,
    is_woken: AtomicBool,
    queue: Arc<WakeQueue>,
}

impl TokenWaker {
    pub(crate) fn new(token: Token, queue: &Arc<WakeQueue>) -> Arc<Self> {
        Arc::new(Self { token, is_woken: AtomicBool::new(false), queue: Arc::clone(queue) })
    }

    /// Call it before looking for work: everything up to now is dealt with.
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
            self.queue.wake(self.token);
        }
    }
}
