//! Violations of the WebSocket protocol.

use tungstenite::error::ProtocolError;

/// Why a WebSocket can't be read any further. It is always the peer's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A message is longer than the limit. The headers of its frames show this before the payload
    /// has arrived.
    #[error("message too long")]
    TooLarge,
    /// A text message, or the reason in a close frame, isn't UTF-8.
    #[error("text is not valid UTF-8")]
    InvalidText,
    /// A message has more frames, or more empty frames, than any real use needs. Or its compressed
    /// data ends more often.
    #[error("too many fragments in one message")]
    TooManyFragments,
    /// A compressed message can't be inflated.
    #[error("the compressed data is broken")]
    InvalidDeflate,
    /// A rule of RFC 6455 was broken: the text says which.
    #[error("{0}")]
    Protocol(String),
}

impl Fault {
    /// The code for the close frame to the peer.
    pub const fn close_code(&self) -> u16 {
        match self {
            Self::TooLarge => 1009,
            Self::InvalidText | Self::InvalidDeflate => 1007,
            Self::TooManyFragments => 1008,
            Self::Protocol(_) => 1002,
        }
    }

    pub(super) fn broken(rule: ProtocolError) -> Self {
        Self::Protocol(rule.to_string())
    }
}
