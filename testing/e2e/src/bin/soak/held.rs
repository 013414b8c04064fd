//! What the server's process holds, where the system can tell.

use std::fmt;
use std::fs;
use std::time::Duration;

use e2e::Server;
use tokio::time::sleep;

/// Zeros where the system can't tell, or the server isn't ours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    /// Resident memory, in KiB.
    memory: u64,
    descriptors: usize,
    threads: usize,
}

impl Held {
    pub(crate) fn of(server: &Server) -> Self {
        let Some(id) = server.process_id() else { return Self::default() };
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
        let count =
            |what: &str| fs::read_dir(format!("/proc/{id}/{what}")).map_or(0, Iterator::count);
        Self {
            memory: line.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(0),
            descriptors: count("fd"),
            threads: count("task"),
        }
    }

    /// What is held when everybody has gone: all is over after a heartbeat and its patience.
    pub(crate) async fn settled(server: &Server, before: Self) -> Self {
        for _ in 0..60 {
            let now = Self::of(server);
            if now.descriptors <= before.descriptors {
                return now;
            }
            sleep(Duration::from_secs(1)).await;
        }
        Self::of(server)
    }

    /// The most of both.
    pub(crate) fn most(self, other: Self) -> Self {
        Self {
            memory: self.memory.max(other.memory),
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
        }
    }

    /// Whether no descriptor is left, and memory has hardly grown since it was warm.
    pub(crate) const fn is_about(self, before: Self, warm: Self) -> bool {
        self.descriptors <= before.descriptors
            && self.memory <= warm.memory + warm.memory / 4 + SPARE_KIB
    }
}

/// What allocators keep for later.
const SPARE_KIB: u64 = 8 << 10;

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, descriptors, threads } = self;
        write!(f, "memory {memory} KiB  descriptors {descriptors}  threads {threads}")
    }
}
