//! Waiting: what is a future in the hub is a thread that sleeps here.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::clock::machine_time;

/// Sleeps until the future is ready.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    match wait(future, None) {
        Some(output) => output,
        None => unreachable!("without a deadline there is none to miss"),
    }
}

/// Sleeps until the future is ready, for so long at most. `None`: it wasn't ready by then.
pub(crate) fn block_for<F: Future>(future: F, at_most: Duration) -> Option<F::Output> {
    // A time that no clock can tell is longer than a machine runs.
    wait(future, machine_time().checked_add(at_most))
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
    let (thread_waker, waker) = WAKER.take().unwrap_or_else(ThreadWaker::for_this_thread);
    let output = loop {
        thread_waker.is_woken.store(false, Ordering::Relaxed);
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            break Some(output);
        }
        while !thread_waker.is_woken.load(Ordering::Acquire) {
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
    WAKER.set(Some((thread_waker, waker)));
    output
}

thread_local! {
    static WAKER: RefCell<Option<(Arc<ThreadWaker>, Waker)>> = const { RefCell::new(None) };
}

/// Wakes one thread.
struct ThreadWaker {
    thread: Thread,
    /// A thread may wake for no reason.
    is_woken: AtomicBool,
}

impl ThreadWaker {
    fn for_this_thread() -> (Arc<Self>, Waker) {
        let thread_waker =
            Arc::new(Self { thread: thread::current(), is_woken: AtomicBool::new(false) });
        (Arc::clone(&thread_waker), Waker::from(thread_waker))
    }
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // One that is woken already needn't be again.
        if !self.is_woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
