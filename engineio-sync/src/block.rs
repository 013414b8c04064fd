//! Waiting: a future of the hub, polled by a thread that sleeps meanwhile.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::clock::machine_time;
use crate::error::{RecvTimeoutError, TryRecvError};

/// Sleeps until the future is ready.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    match wait(future, None) {
        Some(output) => output,
        None => unreachable!("without a deadline there is none to miss"),
    }
}

/// Sleeps until the future is ready, but no longer than `at_most`: `None`.
pub(crate) fn block_for<F: Future>(future: F, at_most: Duration) -> Option<F::Output> {
    // Without an end if the clock has none so late.
    wait(future, machine_time().checked_add(at_most))
}

/// Receives, but waits no longer than `at_most`.
pub(crate) fn recv_timeout<T>(
    next: impl Future<Output = Option<T>>,
    at_most: Duration,
) -> Result<T, RecvTimeoutError> {
    let received = block_for(next, at_most).ok_or(RecvTimeoutError::TimedOut)?;
    received.ok_or(RecvTimeoutError::Closed)
}

/// Receives without waiting.
pub(crate) fn try_recv<T>(next: impl Future<Output = Option<T>>) -> Result<T, TryRecvError> {
    received(pin!(next).poll(&mut Context::from_waker(Waker::noop())))
}

/// The result of a poll, for a caller that doesn't wait.
pub(crate) fn received<T>(polled: Poll<Option<T>>) -> Result<T, TryRecvError> {
    match polled {
        Poll::Ready(Some(received)) => Ok(received),
        Poll::Ready(None) => Err(TryRecvError::Closed),
        Poll::Pending => Err(TryRecvError::Empty),
    }
}

fn wait<F: Future>(future: F, until: Option<Instant>) -> Option<F::Output> {
    let mut future = pin!(future);
    // Each thread has one waker, made once. A wait within a wait makes another.
    let (thread_waker, waker) = WAKER.take().unwrap_or_else(ThreadWaker::new);
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
            // What came at the last moment isn't lost.
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
    /// A thread may also wake for no reason.
    is_woken: AtomicBool,
}

impl ThreadWaker {
    fn new() -> (Arc<Self>, Waker) {
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
        // A thread that is awake already isn't woken twice.
        if !self.is_woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
