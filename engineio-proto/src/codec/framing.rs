//! The three ways in which a payload holds its items.

use alloc::vec::Vec;

use super::packet::Item;
use super::payload::{BinaryEncoding, ContentType};
use super::{v3_binary, v3_text, v4};

/// How a payload holds its items.
#[derive(Clone, Copy, Debug)]
pub(super) enum Framing {
    Separated,
    Counted,
    Marked,
}

impl Framing {
    /// How its items hold binary data.
    pub(super) const fn binary(self) -> BinaryEncoding {
        match self {
            Self::Marked => BinaryEncoding::Raw,
            Self::Separated | Self::Counted => BinaryEncoding::Base64,
        }
    }

    /// The content type of its payloads.
    pub(super) const fn content_type(self) -> ContentType {
        match self {
            Self::Marked => ContentType::Binary,
            Self::Separated | Self::Counted => ContentType::Text,
        }
    }

    pub(super) fn write(self, item: &Item<'_>, body: &mut Vec<u8>) {
        match self {
            Self::Separated => v4::write(item, body),
            Self::Counted => v3_text::write(item, body),
            Self::Marked => v3_binary::write(item, body),
        }
    }

    /// What [`write`](Self::write) adds to a body of `before` bytes.
    pub(super) fn added(self, item: &Item<'_>, before: usize) -> usize {
        match self {
            Self::Separated => v4::added(item, before),
            Self::Counted => v3_text::added(item),
            Self::Marked => v3_binary::added(item),
        }
    }
}
