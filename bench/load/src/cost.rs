//! What a process has used, as the kernel counts it.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

/// Keeps this process on one core. A machine with one core leaves it there anyway.
pub(crate) fn pin_to(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

/// The CPU time of all threads of a process that haven't ended.
pub(crate) fn cpu(process: u32) -> io::Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // One that ends meanwhile has little to it.
        let stat = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        nanos += stat.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}

/// The memory of a process that is in RAM, in bytes.
pub(crate) fn rss(process: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map(|count| count << 10).ok_or_else(|| io::Error::other("no VmRSS"))
}

/// Microseconds for each operation.
pub(crate) fn per(cpu: Duration, count: u64) -> io::Result<f64> {
    if count == 0 {
        return Err(io::Error::other("nothing was done"));
    }
    Ok(cpu.as_secs_f64() * 1e6 / count as f64)
}
