//! Whether the connections of a server can become WebSockets.

use super::handshake::Connection;
use crate::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Remembers whether the last request for a WebSocket could be upgraded.
///
/// A framework that keeps upgrades to itself can't be seen from the handshake of a session over
/// polling, since HTTP libraries hand an upgrade only to a request that asks for one. So the first
/// WebSocket shows it. From then on clients aren't sent the way that leads nowhere.
#[derive(Default)]
pub(crate) struct Upgradability {
    is_missing: AtomicBool,
}

impl Upgradability {
    /// Notes a valid request for a WebSocket. Returns whether it can be upgraded.
    pub(crate) fn note(&self, connection: Connection) -> bool {
        let is_missing = !connection.can_upgrade;
        // Read first: all threads share it, and it hardly ever changes.
        if self.is_missing() != is_missing {
            self.is_missing.store(is_missing, Relaxed);
        }
        connection.can_upgrade
    }

    /// Whether WebSockets don't reach the server.
    pub(crate) fn is_missing(&self) -> bool {
        self.is_missing.load(Relaxed)
    }
}
