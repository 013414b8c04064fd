//! The timers of a connection, with tokio's clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use engineio_hyper::LazyTimer;
use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

/// Counts how often a timer is set.
struct Counting(TokioTimer, AtomicUsize);

impl Timer for Counting {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.1.fetch_add(1, Relaxed);
        self.0.sleep(duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.1.fetch_add(1, Relaxed);
        self.0.sleep_until(deadline)
    }

    fn now(&self) -> Instant {
        self.0.now()
    }
}

impl Counting {
    fn new() -> &'static Self {
        Box::leak(Box::new(Self(TokioTimer::new(), AtomicUsize::new(0))))
    }

    fn count(&self) -> usize {
        self.1.load(Relaxed)
    }
}

const TIME: Duration = Duration::from_secs(30);

/// Waits in vain, for this long.
async fn wait(sleep: impl Future<Output = ()>, time: Duration) {
    assert!(tokio::time::timeout(time, sleep).await.is_err(), "not yet");
}

#[tokio::test(start_paused = true)]
async fn timer_fires_when_its_time_has_come() {
    let timer = LazyTimer::new(Counting::new());
    let start = timer.now();
    timer.sleep(TIME).await;
    assert!((TIME..TIME + Duration::from_millis(10)).contains(&(timer.now() - start)));
}

#[tokio::test(start_paused = true)]
async fn one_timer_of_the_executor_serves_many_that_are_taken_back() {
    let counting = Counting::new();
    let timer = LazyTimer::new(counting);
    for _ in 0..100 {
        wait(timer.sleep_until(timer.now() + TIME), Duration::from_millis(100)).await;
    }
    assert_eq!(counting.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn timer_that_began_later_fires_later() {
    let counting = Counting::new();
    let timer = LazyTimer::new(counting);
    wait(timer.sleep(TIME), TIME / 2).await;
    let start = timer.now();
    timer.sleep(TIME).await;
    assert!((TIME..TIME + Duration::from_millis(10)).contains(&(timer.now() - start)));
    assert_eq!(counting.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn timer_that_fires_sooner_isnt_held_up_by_an_earlier_one() {
    let timer = LazyTimer::new(Counting::new());
    wait(timer.sleep(TIME), TIME / 10).await;
    let start = timer.now();
    timer.sleep(TIME / 10).await;
    assert!(timer.now() - start < TIME / 5);
}
