//! The steps by which a server closes.

use std::time::Duration;

use engineio_hub::{Data, Hub};

use crate::clock::machine_time;
use crate::io::Engine;

/// Flushes and closes the sessions, then tells the workers to end. Returns how long these may
/// still take to write last answers.
///
/// `begin` begins: [`Hub::close`], or [`Hub::drain`]. `wait` waits until all sessions are gone, but no longer than it is told to, and says whether
/// they are.
pub(super) fn close<D: Data>(
    engine: &Engine<D>,
    within: Duration,
    begin: impl FnOnce(&Hub<D>, Duration),
    mut wait: impl FnMut(Duration) -> bool,
) -> Duration {
    let start = machine_time();
    let left = || within.saturating_sub(start.elapsed());
    begin(&engine.hub, within);
    let last_quarter = within / 4;
    if !wait(within.saturating_sub(last_quarter)) {
        engine.hub.abort();
        // Close frames and last answers may still leave.
        wait(left());
    }
    let left = left().min(engine.hub.config().linger());
    engine.stop(engine.hub.now() + left);
    left
}
