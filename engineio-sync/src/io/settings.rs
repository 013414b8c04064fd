//! What all connections of a server have in common.

use std::time::Duration;

use engineio_proto::Config;

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

/// A client that polls uses a connection once in a `ping_interval` at least, and must not find
/// it closing just then.
pub(crate) fn patience(config: &Config) -> Duration {
    config.ping_interval().saturating_add(config.ping_timeout()).clamp(SHORTEST, LONGEST)
}

const SHORTEST: Duration = Duration::from_secs(30);

/// Longer than any connection lasts; more could overflow a clock.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
