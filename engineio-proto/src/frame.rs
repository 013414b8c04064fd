//! What travels over a framed transport.

use alloc::string::String;

use bytes::Bytes;
use bytestring::ByteString;

use crate::packet::Message;

/// One whole message of a framed transport (a WebSocket's), text or binary.
///
/// A frame that goes out is a prefix of 0 to 2 bytes and a payload that it
/// shares with the message it was made from, so that a broadcast copies nothing:
/// write the two [`parts`](Self::parts) one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    prefix: Prefix,
    payload: Payload,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Payload {
    Text(ByteString),
    Binary(Bytes),
}

/// The type of the packet before its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    None,
    One([u8; 1]),
    Two([u8; 2]),
}

impl Frame {
    /// A frame of text, as it came from the peer.
    pub const fn text(payload: ByteString) -> Self {
        Self { prefix: Prefix::None, payload: Payload::Text(payload) }
    }

    /// A binary frame, as it came from the peer.
    pub const fn binary(payload: Bytes) -> Self {
        Self { prefix: Prefix::None, payload: Payload::Binary(payload) }
    }

    /// Text behind a one-byte ASCII prefix.
    pub(crate) const fn prefixed_text(prefix: u8, payload: ByteString) -> Self {
        debug_assert!(prefix.is_ascii());
        Self { prefix: Prefix::One([prefix]), payload: Payload::Text(payload) }
    }

    /// Text behind a two-byte ASCII prefix.
    pub(crate) const fn double_prefixed_text(prefix: [u8; 2], payload: ByteString) -> Self {
        debug_assert!(prefix[0].is_ascii() && prefix[1].is_ascii());
        Self { prefix: Prefix::Two(prefix), payload: Payload::Text(payload) }
    }

    /// Bytes behind a one-byte prefix.
    pub(crate) const fn prefixed_binary(prefix: u8, payload: Bytes) -> Self {
        Self { prefix: Prefix::One([prefix]), payload: Payload::Binary(payload) }
    }

    /// Whether this is a text frame.
    pub const fn is_text(&self) -> bool {
        matches!(self.payload, Payload::Text(_))
    }

    /// Prefix and payload, to be written one after the other. Either may be empty.
    pub fn parts(&self) -> [&[u8]; 2] {
        let prefix: &[u8] = match &self.prefix {
            Prefix::None => &[],
            Prefix::One(prefix) => prefix,
            Prefix::Two(prefix) => prefix,
        };
        let payload: &[u8] = match &self.payload {
            Payload::Text(text) => text.as_ref(),
            Payload::Binary(bytes) => bytes,
        };
        [prefix, payload]
    }

    /// The content as one piece: without a copy where there is no prefix, as
    /// in every frame that came from a peer.
    pub(crate) fn into_content(self) -> Message {
        let prefix: &[u8] = match &self.prefix {
            Prefix::None => {
                return match self.payload {
                    Payload::Text(text) => Message::Text(text),
                    Payload::Binary(bytes) => Message::Binary(bytes),
                };
            }
            Prefix::One(prefix) => prefix,
            Prefix::Two(prefix) => prefix,
        };
        match &self.payload {
            Payload::Text(text) => {
                let mut whole = String::with_capacity(prefix.len() + text.len());
                whole.extend(prefix.iter().copied().map(char::from));
                whole.push_str(text);
                Message::Text(whole.into())
            }
            Payload::Binary(bytes) => Message::Binary([prefix, bytes].concat().into()),
        }
    }

    /// The length of both parts in bytes.
    pub fn len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
