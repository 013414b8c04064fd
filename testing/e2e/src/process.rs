//! Signals for processes.

use std::process::Command;

/// Sends a signal to a process that this test has started.
///
/// It uses the shell: the standard library can't send signals, and every Unix has `kill`.
///
/// # Panics
///
/// If there is no such process.
pub fn signal(name: &str, pid: u32) {
    let kill = format!("kill -{name} {pid}");
    let status = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
    assert!(status.success(), "{kill}: {status}");
}
