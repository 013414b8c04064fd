//! What tests do to processes.

use std::process::Command;

/// Sends a signal to a process that this test has started.
///
/// By way of the shell: the standard library sends none, and every Unix has this one.
pub(crate) fn signal(name: &str, pid: u32) {
    let kill = format!("kill -{name} {pid}");
    let status = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
    assert!(status.success(), "{kill}: {status}");
}
