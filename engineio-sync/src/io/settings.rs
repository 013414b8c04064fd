//! What all connections of a server have in common.

use std::time::Duration;

use super::fallback::Fallback;

#[derive(Debug)]
pub(crate) struct Settings {
    /// How long a head may take from its first byte to its last.
    pub(crate) head_timeout: Duration,
    /// How long a connection may be idle between requests, and how long its peer may take no
    /// bytes.
    pub(crate) patience: Duration,
    pub(crate) fallback: Fallback,
}
