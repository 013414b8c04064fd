//! Errors of decoding.

use crate::sid::InvalidSid;

/// Bytes from a peer that the protocol doesn't allow.
///
/// It is always the peer's fault. None of it can be repaired: answer with an
/// error and close the session, as the decoders deliver all of a payload or nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A frame that is not a packet.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// One of the packets of a payload is broken, or the payload is cut wrongly there.
    #[error("packet {index} of the payload: {error}")]
    InPayload {
        /// How many packets came before it.
        index: usize,
        /// Its error.
        error: PacketError,
    },
    /// A body of no bytes. A payload has at least one packet.
    #[error("the payload is empty")]
    EmptyPayload,
    /// A text body whose bytes are not text.
    #[error("the payload is not UTF-8")]
    PayloadNotUtf8,
    /// An `application/octet-stream` body in revision 4, where every payload is text.
    #[error("revision 4 has no binary payloads")]
    BinaryPayload,
    /// The rest of the payload was not looked at.
    #[error("the payload has more than {max} packets")]
    TooManyPackets {
        /// The limit that the caller gave.
        max: usize,
    },
    /// The data of the open packet is not JSON, or a field has a value of the wrong kind.
    #[error("the handshake is not the JSON it should be, near byte {column}")]
    HandshakeJson {
        /// How far it was understood, in bytes from the start of its line.
        column: usize,
    },
    /// The open packet lacks a field that a session needs.
    #[error("the handshake has no {field}")]
    HandshakeLacks {
        /// The name of the field in the JSON.
        field: &'static str,
    },
    /// The open packet's `sid` would need escaping in a URL.
    #[error("the handshake's sid can't be used: {0}")]
    HandshakeSid(InvalidSid),
}

/// An error in one packet, or in the framing that a payload puts around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// It is empty, or ends after the `b` that announces a type and base64 in revision 3.
    #[error("the packet ends before its type")]
    MissingType,
    /// The byte in the place of the type isn't one.
    #[error("unknown packet type {byte:#04x}")]
    UnknownType {
        /// The byte that was found.
        byte: u8,
    },
    /// The data of a type whose data is text, or a text of a binary payload, is not text.
    #[error("the packet's text is not UTF-8")]
    NotUtf8,
    /// Characters outside the standard alphabet other than white space, wrong padding, or an
    /// impossible length.
    #[error("the packet's data is not base64")]
    NotBase64,
    /// A revision 3 payload has something that is not a decimal number, or
    /// nothing at all, where the length of its next packet should be.
    #[error("the packet's length is not a number")]
    BadLength,
    /// A revision 3 payload announces more of a packet than there is.
    #[error("the packet's length goes past the end")]
    Truncated,
    /// A revision 3 payload counts in UTF-16 code units, and the last one is
    /// the first half of a surrogate pair.
    #[error("the packet's length cuts a character in half")]
    SplitCharacter,
    /// A packet of a binary payload is marked neither as text (0) nor as binary (1).
    #[error("the packet's marker is {byte:#04x} and not 0 or 1")]
    UnknownMarker {
        /// The byte that was found.
        byte: u8,
    },
}
