//! The three ways in which a payload holds its items.

use alloc::vec::Vec;

use super::packet::Item;
use super::{v3_binary, v3_text, v4};

/// How a payload holds its items.
#[derive(Clone, Copy, Debug)]
pub(super) enum Framing {
    Separated,
    Counted,
    Marked,
}

impl Framing {
    pub(super) const fn is_binary(self) -> bool {
        matches!(self, Self::Marked)
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
