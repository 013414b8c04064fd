//! Tasks on one thread or several, in virtual time.
//!
//! Time moves only when no task can run, and then to the next timer. So a lost wake-up shows as
//! elapsed time or as a stuck test, and a wake-up loop as a count of polls.

use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Waker};
use std::collections::VecDeque;
use std::panic::catch_unwind;
use std::sync::{Arc, Condvar, Mutex};
use std::task::Wake;
use std::thread;

use super::time::Time;

#[derive(Clone)]
pub(crate) struct Executor(Arc<Shared>);

struct Shared {
    run: Mutex<Run>,
    changed: Condvar,
    polls: AtomicUsize,
    /// Polls since time last moved.
    polls_now: AtomicUsize,
    time: Arc<Time>,
}

#[derive(Default)]
struct Run {
    queue: VecDeque<Arc<Task>>,
    idle: usize,
    is_over: bool,
}

pub(crate) struct Task {
    shared: Arc<Shared>,
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    is_queued: AtomicBool,
    polls: AtomicUsize,
    has_panicked: AtomicBool,
}

impl Executor {
    pub(crate) fn new(time: Arc<Time>) -> Self {
        let (run, changed) = (Mutex::default(), Condvar::new());
        let (polls, polls_now) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self(Arc::new(Shared { run, changed, polls, polls_now, time }))
    }

    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Arc<Task> {
        let task = Arc::new(Task {
            shared: Arc::clone(&self.0),
            future: Mutex::new(Some(Box::pin(future))),
            is_queued: AtomicBool::new(false),
            polls: AtomicUsize::new(0),
            has_panicked: AtomicBool::new(false),
        });
        Arc::clone(&task).wake();
        task
    }

    /// How often any task was polled.
    pub(crate) fn polls(&self) -> usize {
        self.0.polls.load(SeqCst)
    }

    /// Runs all tasks on this many threads until `main` is done.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        threads: usize,
        main: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let result = Arc::new(Mutex::new(None));
        let (slot, shared) = (Arc::clone(&result), Arc::clone(&self.0));
        self.0.run.lock().unwrap().is_over = false;
        let main = self.spawn(async move {
            *slot.lock().unwrap() = Some(main.await);
            shared.stop();
        });
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| self.0.work(threads, &main));
            }
            self.0.work(threads, &main);
        });
        let result = result.lock().unwrap().take();
        result.expect("the test itself panicked")
    }
}

impl Shared {
    fn stop(&self) {
        self.run.lock().unwrap().is_over = true;
        self.changed.notify_all();
    }

    fn work(&self, threads: usize, main: &Task) {
        while let Some(task) = self.next(threads) {
            self.polls.fetch_add(1, SeqCst);
            task.poll();
            if self.polls_now.fetch_add(1, SeqCst) > MOST_POLLS {
                self.stop();
                panic!("a task is woken in a loop");
            }
            if main.has_panicked.load(SeqCst) {
                self.stop();
            }
        }
    }

    /// The next task that can run. Moves the time if there is none. `None` at the end.
    fn next(&self, threads: usize) -> Option<Arc<Task>> {
        let mut run = self.run.lock().unwrap();
        loop {
            if run.is_over {
                return None;
            }
            if let Some(task) = run.queue.pop_front() {
                return Some(task);
            }
            if run.idle + 1 == threads {
                // All other threads wait, so only this one can wake a task.
                drop(run);
                self.polls_now.store(0, SeqCst);
                let has_moved = self.time.advance();
                if !has_moved {
                    self.stop();
                    panic!("the test is stuck");
                }
                run = self.run.lock().unwrap();
            } else {
                run.idle += 1;
                run = self.changed.wait(run).unwrap();
                run.idle -= 1;
            }
        }
    }
}

/// Far more polls than any test needs before time moves.
const MOST_POLLS: usize = 1_000_000;

impl Task {
    fn poll(self: &Arc<Self>) {
        self.is_queued.store(false, SeqCst);
        self.polls.fetch_add(1, SeqCst);
        let waker = Waker::from(Arc::clone(self));
        let mut place = self.future.lock().unwrap();
        let Some(mut future) = place.take() else { return };
        let poll = || future.as_mut().poll(&mut Context::from_waker(&waker));
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(poll) if poll.is_pending() => {
                *place = Some(future);
                return;
            }
            Ok(_) => {}
            Err(_) => self.has_panicked.store(true, SeqCst),
        }
        drop(place);
        drop(future);
    }

    /// How often this task was polled.
    pub(crate) fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.future.lock().unwrap().is_none()
    }

    pub(crate) fn has_panicked(&self) -> bool {
        self.has_panicked.load(SeqCst)
    }

    /// Drops the task's future.
    pub(crate) fn abort(&self) {
        let future = self.future.lock().unwrap().take();
        drop(future);
    }
}

/// A waker holds its task and so everything that the task holds, so that dropping it in a wrong
/// place shows.
impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if !self.is_queued.swap(true, SeqCst) {
            let shared = Arc::clone(&self.shared);
            shared.run.lock().unwrap().queue.push_back(self);
            shared.changed.notify_one();
        }
    }
}
