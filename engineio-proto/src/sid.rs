//! Session identifiers.

use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytestring::ByteString;

use crate::node_tag::NodeTag;

/// A session's identifier: 1 to 64 characters that need no escaping in a URL.
///
/// Anyone who knows it can act for the session, so it must not be guessable and
/// doesn't belong in logs. `Debug` shows a prefix only, behind the tag of a node if there is one; [`as_str`](Self::as_str) all of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid(Arc<str>);

impl Sid {
    /// The longest text that [`from_text`](Self::from_text) takes, in bytes.
    pub const MAX_LEN: usize = 64;

    /// An identifier of 22 characters from 128 bits, which must come from a
    /// cryptographically secure source.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut text = [0; 22];
        let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        debug_assert_eq!(written, Ok(text.len()), "six bits a character");
        // Base64 is ASCII.
        Self(core::str::from_utf8(&text).unwrap_or_default().into())
    }

    /// An identifier of this node: its tag, a dot, and 22 characters from 128 bits, which must come
    /// from a cryptographically secure source.
    pub fn on_node(node: NodeTag, bytes: [u8; 16]) -> Self {
        let Self(rest) = Self::from_random(bytes);
        Self(Arc::from(alloc::format!("{node}.{rest}")))
    }

    /// An identifier that the caller has made. If a dot is in it, what is in front of the first one
    /// may be taken for the [tag of a node](Self::node).
    ///
    /// # Errors
    ///
    /// [`InvalidSid`] unless the text has 1 to [`MAX_LEN`](Self::MAX_LEN) characters,
    /// each an ASCII letter or digit, `-`, `_`, `.` or `~`.
    pub fn from_text(text: impl Into<ByteString>) -> Result<Self, InvalidSid> {
        let text = text.into();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if (1..=Self::MAX_LEN).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(Arc::from(&*text)))
        } else {
            Err(InvalidSid)
        }
    }

    /// The node that has the session, if the identifier [tells](NodeTag::of_sid) it.
    pub fn node(&self) -> Option<NodeTag> {
        NodeTag::of_sid(self.as_str())
    }

    /// The whole identifier. Keep it out of logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sid {
    type Err = InvalidSid;

    /// As [`from_text`](Self::from_text), but copies.
    fn from_str(text: &str) -> Result<Self, InvalidSid> {
        Self::from_text(text)
    }
}

/// The whole identifier. Keep it out of logs.
impl AsRef<str> for Sid {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (node, rest) = match self.node() {
            Some(_) => self.0.split_once('.').unwrap_or_default(),
            None => ("", self.as_str()),
        };
        let dot = if node.is_empty() { "" } else { "." };
        write!(f, "Sid({node}{dot}{}…)", rest.get(..6).unwrap_or(""))
    }
}

/// A map keyed by `Sid` can be asked with the text of a request.
impl Borrow<str> for Sid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The text can't be a session identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session identifier has 1 to 64 characters out of A-Z a-z 0-9 - _ . ~")]
#[non_exhaustive]
pub struct InvalidSid;
