//! Tasks of async-std or smol, and the timers of `async-io`, which both use.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use engineio_hub::Clock;
use engineio_hyper::Others;
use hyper::rt::{Sleep, Timer};

/// Spawns a task.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    #[cfg(feature = "async-std")]
    drop(async_std::task::spawn(future));
    #[cfg(all(feature = "smol", not(feature = "async-std")))]
    smol::spawn(future).detach();
}

/// Runs a blocking call on a thread for blocking work.
#[cfg(any(feature = "client", feature = "cluster"))]
pub(crate) async fn unblock<T: Send + 'static>(wait: impl FnOnce() -> T + Send + 'static) -> T {
    #[cfg(feature = "async-std")]
    return async_std::task::spawn_blocking(wait).await;
    #[cfg(all(feature = "smol", not(feature = "async-std")))]
    return smol::unblock(wait).await;
}

#[cfg(not(any(feature = "async-std", feature = "smol")))]
compile_error!("enable the feature `async-std` or `smol` to choose an executor");

/// `async-io`'s timers.
pub(crate) fn timer() -> engineio_hyper::Timer {
    &AsyncIoTimer
}

/// Both executors run tasks that are ready up to 200 times before they look for input. A timer is looked
/// at together with input.
pub(crate) fn yield_turn() -> Others {
    Box::pin(async {
        async_io::Timer::after(A_MOMENT).await;
    })
}

/// Long enough not to be over when the timer is set.
const A_MOMENT: Duration = Duration::from_micros(1);

/// Waits for a future, but no longer than `limit`.
pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let late = async {
        async_io::Timer::after(limit).await;
        None
    };
    futures_lite::future::or(async { Some(future.await) }, late).await
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct AsyncIoTimer;

impl Timer for AsyncIoTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(AsyncIoSleep(async_io::Timer::after(duration)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(AsyncIoSleep(async_io::Timer::at(deadline)))
    }
}

struct AsyncIoSleep(async_io::Timer);

impl Future for AsyncIoSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(())
    }
}

impl Sleep for AsyncIoSleep {}

/// The time of the system's clock.
#[expect(clippy::disallowed_methods, reason = "this is the binding's clock")]
pub(crate) fn machine_time() -> Instant {
    Instant::now()
}

/// A clock that starts now.
pub(crate) fn clock() -> impl Clock {
    let start = machine_time();
    move || engineio_proto::Instant::from_duration(start.elapsed())
}
