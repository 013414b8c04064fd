//! A body of packets, and how it holds binary data.

use core::fmt;

use bytes::Bytes;

use crate::excerpt::Hidden;

/// The body of a poll's answer or of a POST: some packets in one piece. `Debug` shows only its
/// length, since an answer may name the session.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a body and its content type are all there is")]
pub struct Payload {
    /// The bytes of the body.
    pub body: Bytes,
    /// The type that the body is sent as.
    pub content_type: ContentType,
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("body", &Hidden(self.body.len()))
            .field("content_type", &self.content_type)
            .finish()
    }
}

/// The content type of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these two")]
pub enum ContentType {
    /// `text/plain; charset=UTF-8`.
    Text,
    /// `application/octet-stream`, in revision 3 only.
    Binary,
}

/// How a transport carries binary messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these two")]
pub enum BinaryEncoding {
    /// As they are, where the revision can: in binary frames, and in binary payloads of
    /// revision 3.
    Raw,
    /// As base64 in text, because the peer asked for `b64`.
    Base64,
}
