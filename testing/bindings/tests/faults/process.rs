//! What the process holds: descriptors, threads, tasks and heap.

use std::fs;
use std::time::Duration;

use peer::{LIMIT, until};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, MutexGuard};

/// What the whole process holds is counted: one test at a time.
pub(super) async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// Open descriptors. Zero where the system can't tell.
pub(super) fn descriptors() -> usize {
    count("/proc/self/fd")
}

fn threads() -> usize {
    count("/proc/self/task")
}

fn count(directory: &str) -> usize {
    fs::read_dir(directory).map_or(0, Iterator::count)
}

/// What is there before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    descriptors: usize,
    threads: usize,
    tasks: usize,
}

impl Held {
    /// What there is when all is quiet. Threads that wait come and go for a moment.
    pub(super) async fn most() -> Self {
        let mut most = Self::now();
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let now = Self::now();
            most.descriptors = most.descriptors.max(now.descriptors);
            most.threads = most.threads.max(now.threads);
            most.tasks = most.tasks.max(now.tasks);
        }
        most
    }

    fn now() -> Self {
        let tasks = Handle::current().metrics().num_alive_tasks();
        Self { descriptors: descriptors(), threads: threads(), tasks }
    }

    fn is_within(self, before: Self) -> bool {
        self.descriptors <= before.descriptors
            && self.threads <= before.threads
            && self.tasks <= before.tasks
    }

    /// Waits until nothing is held but what was before. Everything ends within a few heartbeats;
    /// a runtime keeps spare threads for some seconds.
    pub(super) async fn is_all(self) {
        let mut now = Self::now();
        let waiting = until(|| {
            now = Self::now();
            now.is_within(self)
        });
        let is_all = tokio::time::timeout(LIMIT - Duration::from_secs(1), waiting).await.is_ok();
        assert!(is_all, "{now:?} after {self:?}");
    }
}

/// How often a lot of clients is let in. Pools and tables grow with the most that they ever held at
/// once, which differs from lot to lot; a leak grows with every one.
pub(super) const LOTS: usize = 6;

/// What a runtime releases in batches.
const ALLOWED: isize = 16 << 10;

/// The heap after each lot.
#[derive(Debug, Default)]
pub(super) struct Heap(Vec<isize>);

impl Heap {
    /// Whether this lot left the heap as it was.
    pub(super) fn is_as_before(&mut self) -> bool {
        self.0.push(heap::settled());
        matches!(*self.0, [.., before, now] if now - before <= ALLOWED)
    }

    pub(super) fn fail(&self) -> ! {
        panic!("each lot left something: {:?} bytes live", self.0);
    }
}
