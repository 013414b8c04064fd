//! Tags that name the nodes of a cluster.

use core::fmt;
use core::str::{self, FromStr};

/// The tag of a node: one process of several that serve the same clients. 1 to 16 characters out of
/// `A-Z a-z 0-9 _ -`.
///
/// A node that [has one](crate::ServerConfig::node) puts it in front of the identifiers of its
/// sessions, so whoever sees a request can say which node has its session.
///
/// A session ends with its process, so let each process have a tag of its own, one after a restart
/// as well: [from randomness](Self::from_random). A fixed one works, too. A node that is asked
/// for sessions of the process before it says that it doesn't know them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeTag {
    /// The rest is 0.
    text: [u8; Self::MAX_LEN],
}

impl NodeTag {
    /// The longest tag, in bytes.
    pub const MAX_LEN: usize = 16;

    /// A tag of 6 characters from 36 of these bits. Two of a thousand nodes have the same one with
    /// a probability of 1 to 130,000, if the bits are evenly random; they needn't be secret.
    pub fn from_random(bytes: [u8; 6]) -> Self {
        let mut text = [0; Self::MAX_LEN];
        for (place, byte) in text.iter_mut().zip(bytes) {
            *place = ALPHABET.get(usize::from(byte & 63)).copied().unwrap_or(b'-');
        }
        Self { text }
    }

    /// The tag in front of the text of a [`Sid`](crate::Sid), if that has one: all that is before
    /// the first dot.
    pub fn of_sid(sid: &str) -> Option<Self> {
        sid.split_once('.')?.0.parse().ok()
    }

    /// The text of the tag.
    pub fn as_str(&self) -> &str {
        let text = self.text.split(|byte| *byte == 0).next().unwrap_or_default();
        // All of it is ASCII.
        str::from_utf8(text).unwrap_or_default()
    }
}

impl FromStr for NodeTag {
    type Err = InvalidNodeTag;

    fn from_str(tag: &str) -> Result<Self, InvalidNodeTag> {
        let mut text = [0; Self::MAX_LEN];
        let place = text.get_mut(..tag.len()).filter(|place| !place.is_empty());
        let place = place.ok_or(InvalidNodeTag)?;
        place.copy_from_slice(tag.as_bytes());
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if tag.bytes().all(legal) { Ok(Self { text }) } else { Err(InvalidNodeTag) }
    }
}

impl TryFrom<&str> for NodeTag {
    type Error = InvalidNodeTag;

    fn try_from(tag: &str) -> Result<Self, InvalidNodeTag> {
        tag.parse()
    }
}

impl AsRef<str> for NodeTag {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for NodeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for NodeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeTag({self})")
    }
}

/// The text can't be the tag of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node's tag has 1 to 16 characters out of A-Z a-z 0-9 _ -")]
#[non_exhaustive]
pub struct InvalidNodeTag;

/// As many as six bits can tell apart.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
