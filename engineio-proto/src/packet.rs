//! Packets and messages.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use crate::excerpt::{Excerpt, Hidden};

/// The kind of a packet, with its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these seven")]
#[repr(u8)]
pub enum PacketType {
    /// Opens a session: the server's first packet.
    Open = 0,
    /// Ends the session.
    Close = 1,
    /// Asks for a [`Pong`](Self::Pong): a heartbeat, or with the data `probe` a probe.
    Ping = 2,
    /// Answers a [`Ping`](Self::Ping).
    Pong = 3,
    /// Data of the application.
    Message = 4,
    /// Finishes an upgrade.
    Upgrade = 5,
    /// Nothing: ends a poll that is in the way.
    Noop = 6,
}

impl PacketType {
    /// The type with this number on the wire.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Open),
            1 => Some(Self::Close),
            2 => Some(Self::Ping),
            3 => Some(Self::Pong),
            4 => Some(Self::Message),
            5 => Some(Self::Upgrade),
            6 => Some(Self::Noop),
            _ => None,
        }
    }

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// One packet. Data that its type has no use for is dropped when it is decoded. `Debug` shows
/// the length of the data and its beginning; of the handshake, which names the session, only the
/// length.
#[derive(Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these seven")]
pub enum Packet {
    /// The handshake, as JSON.
    Open(ByteString),
    /// Ends the session.
    Close,
    /// A heartbeat (no data) or a probe (`probe`).
    Ping(ByteString),
    /// The answer, with the ping's data where it was a probe.
    Pong(ByteString),
    /// Data of the application.
    Message(Message),
    /// Finishes an upgrade.
    Upgrade,
    /// Nothing.
    Noop,
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(json) => f.debug_tuple("Open").field(&Hidden(json.len())).finish(),
            Self::Close => f.write_str("Close"),
            Self::Ping(data) => f.debug_tuple("Ping").field(&Excerpt::text(data)).finish(),
            Self::Pong(data) => f.debug_tuple("Pong").field(&Excerpt::text(data)).finish(),
            Self::Message(message) => f.debug_tuple("Message").field(message).finish(),
            Self::Upgrade => f.write_str("Upgrade"),
            Self::Noop => f.write_str("Noop"),
        }
    }
}

impl Packet {
    /// The packet's type.
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::Open(_) => PacketType::Open,
            Self::Close => PacketType::Close,
            Self::Ping(_) => PacketType::Ping,
            Self::Pong(_) => PacketType::Pong,
            Self::Message(_) => PacketType::Message,
            Self::Upgrade => PacketType::Upgrade,
            Self::Noop => PacketType::Noop,
        }
    }

    /// The same packet, sharing no memory with what it was decoded from.
    fn into_owned(self) -> Self {
        match self {
            Self::Message(Message::Text(text)) => Self::Message(Message::Text((*text).into())),
            Self::Message(Message::Binary(bytes)) => {
                Self::Message(Message::Binary(Bytes::copy_from_slice(&bytes)))
            }
            Self::Open(_)
            | Self::Close
            | Self::Ping(_)
            | Self::Pong(_)
            | Self::Upgrade
            | Self::Noop => self,
        }
    }
}

/// The packets of a body of this length, for keeping. Messages share the body, but if they are
/// less than half of it, they are copied: a waiting message must not hold more memory than is
/// counted.
pub(crate) fn unshare(mut packets: Vec<Packet>, length: usize) -> Vec<Packet> {
    let message_len =
        |packet: &Packet| if let Packet::Message(message) = packet { message.len() } else { 0 };
    if packets.iter().map(message_len).sum::<usize>() < length / 2 {
        packets = packets.into_iter().map(Packet::into_owned).collect();
    }
    packets
}

/// A message that an application sends or receives. Cloning shares the payload. `Debug` shows
/// the payload's length and its beginning.
#[derive(Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the wire has text and binary")]
pub enum Message {
    /// Text; the empty text is a message like any other.
    Text(ByteString),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// The payload's length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is text.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether it is binary.
    pub const fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    /// The text; `None` of a binary message.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The bytes of a binary message; `None` of a text.
    pub fn as_binary(&self) -> Option<&[u8]> {
        match self {
            Self::Text(_) => None,
            Self::Binary(bytes) => Some(bytes),
        }
    }

    /// The payload's bytes: of a text, its UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The text, without a copy.
    ///
    /// # Errors
    ///
    /// A binary message is given back.
    pub fn into_text(self) -> Result<ByteString, Self> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Binary(_) => Err(self),
        }
    }

    /// The payload's bytes, without a copy: of a text, its UTF-8.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&Excerpt::text(text)).finish(),
            Self::Binary(bytes) => f.debug_tuple("Binary").field(&Excerpt::binary(bytes)).finish(),
        }
    }
}

/// Copies. [`ByteString::from_static`] makes a message of a literal without a copy.
impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// Copies.
impl From<&String> for Message {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<ByteString> for Message {
    fn from(text: ByteString) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

/// Copies.
impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

/// Copies.
impl<const N: usize> From<&[u8; N]> for Message {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

/// JSON in text messages, with the feature `json`.
#[cfg(feature = "json")]
impl Message {
    /// A text message with this value as JSON.
    ///
    /// # Errors
    ///
    /// If the value can't be written as JSON: its `Serialize` fails, or it has a map
    /// whose keys aren't text.
    pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self::from)
    }

    /// The value that a message, text or binary, holds as JSON.
    ///
    /// # Errors
    ///
    /// If the message isn't JSON, or not of this type.
    pub fn to_json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.as_bytes())
    }
}
