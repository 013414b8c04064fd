//! The names of the transports.

use core::fmt;

/// How the packets of a session travel.
///
/// Another transport of whole frames would be one more variant: to a session, a WebSocket is a
/// connection that carries frames and ends with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// HTTP long-polling: GETs wait for packets, POSTs bring them.
    Polling,
    /// One WebSocket.
    WebSocket,
}

impl Transport {
    /// Reads the value of the `transport` query parameter.
    pub fn from_query(value: &str) -> Option<Self> {
        match value {
            "polling" => Some(Self::Polling),
            "websocket" => Some(Self::WebSocket),
            _ => None,
        }
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
