//! The nodes, each a process of its own.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::ops::Sub;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A node. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Node {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Node {
    /// Starts this program on core 0 with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> io::Result<Self> {
        let mut child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line)?;
        let address = line.trim().parse().expect("an address");
        Ok(Self { child, address })
    }

    pub(crate) fn introduce(&mut self, tag: &str, other: &Self) -> io::Result<()> {
        let input = self.child.stdin.as_mut().expect("its input");
        writeln!(input, "{tag} http://{}", other.address)
    }

    /// The CPU time that it has used.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(&self.child)
    }

    /// Its memory in RAM, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage(pub(crate) Duration);

impl Usage {
    /// What the threads of a process have used that it has now.
    pub(crate) fn of(child: &Child) -> Self {
        let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).expect("a process");
        let of = |task: io::Result<fs::DirEntry>| {
            let stat = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            stat.split(' ').next()?.parse::<u64>().ok()
        };
        Self(Duration::from_nanos(tasks.filter_map(of).sum()))
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self(self.0.saturating_sub(before.0))
    }
}

/// Puts this process on a core of its own.
pub(crate) fn pin_self(core: u32) {
    let id = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-cp", &core.to_string(), &id]).output();
    assert!(pinned.is_ok_and(|pinned| pinned.status.success()), "taskset is needed");
}
