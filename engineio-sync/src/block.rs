//! Waiting: what is a future in the hub is a thread that sleeps here.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::clock::machine_time;

/// Sleeps until the future is ready.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    match wait(future, None) {
        Some(output) => output,
        None => unreachable!("without a deadline there is none to miss"),
    }
}

/// Sleeps until the future is ready, or until then: `None`.
pub(crate) fn block_until<F: Future>(future: F, until: Instant) -> Option<F::Output> {
    wait(future, Some(until))
}

/// What a future gives without waiting.
pub(crate) fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn wait<F: Future>(future: F, until: Option<Instant>) -> Option<F::Output> {
    let mut future = pin!(future);
    // A waker for each thread, made once. Someone may wait inside of waiting: with one of its own.
    let (bell, waker) = BELL.take().unwrap_or_else(Bell::hang);
    let output = loop {
        bell.has_rung.store(false, Ordering::Relaxed);
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            break Some(output);
        }
        while !bell.has_rung.load(Ordering::Acquire) {
            match until {
                None => thread::park(),
                Some(until) => {
                    let left = until.saturating_duration_since(machine_time());
                    if left.is_zero() {
                        break;
                    }
                    thread::park_timeout(left);
                }
            }
        }
        if until.is_some_and(|until| machine_time() >= until) {
            // What came in the last moment isn't lost.
            break match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            };
        }
    };
    BELL.set(Some((bell, waker)));
    output
}

thread_local! {
    static BELL: RefCell<Option<(Arc<Bell>, Waker)>> = const { RefCell::new(None) };
}

/// Wakes one thread.
struct Bell {
    thread: Thread,
    /// A thread may wake for no reason.
    has_rung: AtomicBool,
}

impl Bell {
    fn hang() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self { thread: thread::current(), has_rung: AtomicBool::new(false) });
        (Arc::clone(&bell), Waker::from(bell))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // One that has rung already wakes nobody twice.
        if !self.has_rung.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
