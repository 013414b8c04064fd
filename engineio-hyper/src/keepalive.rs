//! When a connection to another node is given up whose other end is out of reach.
//!
//! A poll that waits has nothing to write, so nothing else shows that its node is gone, and if its
//! client is gone as well, it would wait for good.

use std::time::Duration;

/// How long a connection to a node may be quiet before TCP asks for a sign of it.
pub const KEEPALIVE_TIME: Duration = Duration::from_secs(15);

/// How long TCP waits for a sign before it asks again.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// How often TCP asks for a sign before the connection ends.
pub const KEEPALIVE_RETRIES: u32 = 3;

/// How long a node may confirm nothing of what it was sent, where a system can be told that (Linux's
/// `TCP_USER_TIMEOUT`). It bounds the wait for signs as well, and is as long as that.
pub const USER_TIMEOUT: Duration =
    KEEPALIVE_TIME.saturating_add(KEEPALIVE_INTERVAL.saturating_mul(KEEPALIVE_RETRIES));
