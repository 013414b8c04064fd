//! Revision 4: items with U+001E between them (`engine.io-parser/lib/index.ts`).

use alloc::vec::Vec;
use core::iter;

use super::packet::Item;
use crate::text::cut;

const SEPARATOR: u8 = 0x1e;

// An item has at least its type, so only the first finds an empty body.

pub(super) fn write(item: &Item<'_>, body: &mut Vec<u8>) {
    if !body.is_empty() {
        body.push(SEPARATOR);
    }
    item.write(body);
}

pub(super) fn added(item: &Item<'_>, before: usize) -> usize {
    item.len().saturating_add(usize::from(before > 0))
}

/// The text between separators, which may be empty.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let left = rest?;
        let (item, after) =
            cut(left, SEPARATOR).map_or((left, None), |(item, after)| (item, Some(after)));
        rest = after;
        Some(item)
    })
}

/// How many items a text has. Of a long text, only those that begin in its first part count.
pub(super) fn count(text: &str) -> usize {
    let bytes = text.as_bytes();
    memchr::memchr_iter(SEPARATOR, bytes.get(..COUNTED).unwrap_or(bytes)).count() + 1
}

/// How many bytes are searched: in a longer text, a list that grows costs less than to count.
const COUNTED: usize = 4096;
