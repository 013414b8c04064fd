//! Limits and error handling for a binding's own listener.

mod limits;

use std::io::{self, ErrorKind};
use std::time::Duration;

use engineio_proto::ServerConfig;

pub use limits::{Limits, Permit};

/// How long a connection may take for its first byte and for the head of a request, and the
/// shortest idle timeout.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How many connections may wait to be accepted. std asks for 128: of 2,000 clients that connect at
/// once, 1,100 then have to ask again after a second. The system may have a lower limit (Linux:
/// `net.core.somaxconn`, 4,096 by default).
pub const BACKLOG: i32 = 4096;

/// The longest head of a request, in bytes: four times what browsers send with many cookies.
pub const MAX_HEAD: usize = 16 << 10;

/// The most headers of a request.
pub const MAX_HEADERS: usize = 100;

/// The answer to a connection for which there is no place.
pub const TURNED_AWAY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-length: 0\r\nretry-after: 5\r\nconnection: close\r\n\r\n";

/// How long to wait after a temporary failure of `accept`.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a connection may be idle between requests, and how long its peer may take no bytes:
/// what the application set, a day at most.
///
/// By default `ping_interval` plus `ping_timeout`, 30 s at least: a client that polls uses a
/// connection at least once in a `ping_interval`, and must not find it closing then.
pub fn idle_timeout(set: Option<Duration>, config: &ServerConfig) -> Duration {
    let beat = || config.ping_interval().saturating_add(config.ping_timeout()).max(HEAD_TIMEOUT);
    set.unwrap_or_else(beat).min(LONGEST)
}

/// What an error of `accept` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum AcceptError {
    /// It concerns one connection only: go on.
    OfPeer,
    /// The machine has no room or no network for now. Go on after [`ACCEPT_PAUSE`].
    Passing,
    /// The listener is broken. Stop.
    Final,
}

impl AcceptError {
    /// Classifies an error of `accept`.
    pub fn of(error: &io::Error) -> Self {
        use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        use ErrorKind::{InvalidInput, Unsupported};
        let kind = error.kind();
        if matches!(kind, ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            Self::OfPeer
        } else if matches!(kind, InvalidInput | Unsupported) {
            Self::Final
        } else {
            Self::Passing
        }
    }
}

/// Longer than any connection lasts. More could overflow a clock.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
