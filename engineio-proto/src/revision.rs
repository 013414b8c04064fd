//! The two revisions of the protocol that are in use, and how they differ.

/// A revision of the Engine.IO protocol, as the `EIO` query parameter names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a new revision changes everything that matches on it")]
pub enum Revision {
    /// `EIO=3`: Socket.IO 1.x and 2.x. The client pings.
    V3,
    /// `EIO=4`: Socket.IO 3.x and later. The server pings.
    V4,
}

impl Revision {
    /// Reads the value of the `EIO` query parameter.
    pub fn from_query(value: &str) -> Option<Self> {
        match value {
            "3" => Some(Self::V3),
            "4" => Some(Self::V4),
            _ => None,
        }
    }

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }

    /// Whether it is the server that sends pings.
    pub const fn server_pings(self) -> bool {
        match self {
            Self::V3 => false,
            Self::V4 => true,
        }
    }

    /// Whether a polling body may be binary. Revision 4 writes all of it as text.
    pub const fn has_binary_payloads(self) -> bool {
        match self {
            Self::V3 => true,
            Self::V4 => false,
        }
    }
}
