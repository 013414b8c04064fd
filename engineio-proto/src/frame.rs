//! What travels over a framed transport.

use alloc::string::String;
use core::fmt;
use core::str::Utf8Error;

use bytes::{Buf as _, Bytes};
use bytestring::ByteString;

use crate::excerpt::Hidden;
use crate::packet::Message;

/// One whole message of a framed transport (a WebSocket's), text or binary.
///
/// A frame that goes out is a prefix of 0 to 2 bytes and a payload that it
/// shares with the message it was made from, so that a broadcast copies nothing:
/// write the two [`parts`](Self::parts) one after the other. `Debug` shows the length and the
/// beginning; of a frame with the open packet, which names the session, only the length.
#[derive(Clone)]
pub struct Frame {
    prefix: Prefix,
    pub(crate) is_compressible: bool,
    payload: Message,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.parts().into_iter().flatten().next().copied();
        if self.is_text() && first == Some(OPEN) {
            return f.debug_tuple("Frame").field(&Hidden(self.len())).finish();
        }
        let mut frame = f.debug_struct("Frame");
        let prefix = self.prefix.as_bytes();
        if !prefix.is_empty() {
            frame.field("prefix", &format_args!("\"{}\"", prefix.escape_ascii()));
        }
        frame.field("payload", &self.payload).finish()
    }
}

impl Frame {
    /// A frame of text, as it came from the peer.
    pub const fn text(payload: ByteString) -> Self {
        Self::new(Prefix::None, Message::Text(payload))
    }

    /// A frame of text, as it came from the peer. Unlike [`text`](Self::text), it needs no further
    /// allocation for the packet in it.
    ///
    /// # Errors
    ///
    /// The bytes aren't UTF-8.
    #[inline(always)]
    pub fn try_text(mut payload: Bytes) -> Result<Self, Utf8Error> {
        let prefix = match payload.first() {
            Some(first) if first.is_ascii() => Prefix::One([*first]),
            _ => Prefix::None,
        };
        payload.advance(prefix.as_bytes().len());
        Ok(Self::new(prefix, Message::Text(ByteString::try_from(payload)?)))
    }

    /// A binary frame, as it came from the peer.
    #[inline]
    pub const fn binary(payload: Bytes) -> Self {
        Self::new(Prefix::None, Message::Binary(payload))
    }

    /// A frame that goes out. The prefix of a text must be ASCII.
    #[inline]
    pub(crate) const fn new(prefix: Prefix, payload: Message) -> Self {
        debug_assert!(matches!(payload, Message::Binary(_)) || prefix.as_bytes().is_ascii());
        Self { prefix, is_compressible: false, payload }
    }

    /// Sets whether the transport may compress it. A frame is made with no; one that a session
    /// gives out has a yes if it is a message that was sent with
    /// [`compress`](crate::Outgoing::compress).
    #[must_use]
    #[inline]
    pub const fn compress(mut self, compress: bool) -> Self {
        self.is_compressible = compress;
        self
    }

    /// Whether the transport may compress it.
    #[inline]
    pub const fn is_compressible(&self) -> bool {
        self.is_compressible
    }

    /// Whether this is a text frame.
    #[inline]
    pub const fn is_text(&self) -> bool {
        matches!(self.payload, Message::Text(_))
    }

    /// Prefix and payload, to be written one after the other. Either may be empty.
    #[inline]
    pub fn parts(&self) -> [&[u8]; 2] {
        [self.prefix.as_bytes(), self.payload.as_bytes()]
    }

    /// Prefix and payload.
    #[inline]
    pub(crate) fn into_parts(self) -> (Prefix, Message) {
        (self.prefix, self.payload)
    }

    /// The second of the [parts](Self::parts), shared.
    #[inline]
    pub fn into_payload(self) -> Bytes {
        self.payload.into_bytes()
    }

    /// The length of both parts in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Two are equal if they say the same on the wire.
impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        if self.prefix == other.prefix {
            return self.payload == other.payload;
        }
        self.is_text() == other.is_text()
            && self.len() == other.len()
            && self.parts().into_iter().flatten().eq(other.parts().into_iter().flatten())
    }
}

impl Eq for Frame {}

/// The type of a packet, before its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    None,
    One([u8; 1]),
    Two([u8; 2]),
}

impl Prefix {
    #[inline]
    pub(crate) const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::One(prefix) => prefix,
            Self::Two(prefix) => prefix,
        }
    }

    /// The payload behind this prefix, as one piece: without a copy where there is no prefix.
    pub(crate) fn before(self, payload: Message) -> Message {
        let prefix = self.as_bytes();
        match payload {
            payload if prefix.is_empty() => payload,
            Message::Text(text) => {
                let mut whole = String::with_capacity(prefix.len() + text.len());
                whole.extend(prefix.iter().copied().map(char::from));
                whole.push_str(&text);
                Message::Text(whole.into())
            }
            Message::Binary(bytes) => Message::Binary([prefix, &bytes].concat().into()),
        }
    }
}

/// The first byte of a text frame with the open packet.
const OPEN: u8 = b'0';
