//! What all handles of a server share, and how a server ends.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engineio_hub::Data;

use crate::io::Engine;

/// What all handles of a server share. With the last of them the server stops.
pub(super) struct Shared<D: Data> {
    pub(super) engine: Arc<Engine<D>>,
    pub(super) local_addr: SocketAddr,
}

impl<D: Data> Drop for Shared<D> {
    fn drop(&mut self) {
        let Engine { hub, .. } = &*self.engine;
        hub.close(Duration::ZERO);
        hub.abort();
        self.engine.stop(hub.now());
    }
}

/// Closes a server, with these two ways to wait for so long at most: until the last session is
/// gone, which says whether it is, and until the I/O has ended.
pub(super) fn close<D: Data>(
    engine: &Engine<D>,
    within: Duration,
    mut wait_for_sessions: impl FnMut(Duration) -> bool,
    wait_for_io: impl FnOnce(Duration),
) {
    let hub = &engine.hub;
    let start = hub.now();
    let left = || within.saturating_sub(hub.now().saturating_since(start));
    hub.close(within);
    let last_quarter = within / 4;
    if !wait_for_sessions(left().saturating_sub(last_quarter)) {
        hub.abort();
        // For the last bytes to be written.
        wait_for_sessions(left());
    }
    let linger = left().min(hub.config().linger());
    engine.stop(hub.now() + linger);
    wait_for_io(linger);
}

/// Waits until no session is left.
pub(super) fn closed<D: Data>(engine: &Engine<D>) -> impl Future<Output = ()> {
    poll_fn(|cx| engine.hub.poll_closed(cx))
}
