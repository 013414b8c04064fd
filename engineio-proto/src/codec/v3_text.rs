//! Revision 3 as text: every item behind its length (`engine.io/lib/parser-v3/index.ts`).
//!
//! The length is JavaScript's: it counts UTF-16 code units, of the type and of
//! the `b` of base64 too.

use alloc::vec::Vec;

use super::packet::Item;
use super::v3_length::LengthForm;
use crate::error::PacketError;

const LENGTH: LengthForm = LengthForm { zero: b'0', end: b':' };

pub(super) fn write(item: &Item<'_>, body: &mut Vec<u8>) {
    LENGTH.write(item.utf16_len(), body);
    item.write(body);
}

pub(super) fn added(item: &Item<'_>) -> usize {
    item.len().saturating_add(LengthForm::width(item.utf16_len()))
}

/// The items up to the first that is cut wrongly; the rest is ignored.
pub(super) fn items(text: &str) -> impl Iterator<Item = Result<&str, PacketError>> {
    let mut rest = text;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        Some(cut_first(rest).map(|(item, tail)| {
            rest = tail;
            item
        }))
    })
}

fn cut_first(text: &str) -> Result<(&str, &str), PacketError> {
    let (length, start) = LENGTH.read(text.as_bytes())?;
    let text = text.get(start..).ok_or(PacketError::BadLength)?;
    let end = utf16_offset(text, length)?;
    text.split_at_checked(end).ok_or(PacketError::Truncated)
}

/// Where the first `units` code units of a text end, in bytes. The work is
/// linear in that, not in the length of the text.
fn utf16_offset(text: &str, units: usize) -> Result<usize, PacketError> {
    // A code unit is a byte or more, and exactly a byte as long as all is ASCII.
    let least = text.as_bytes().get(..units).ok_or(PacketError::Truncated)?;
    if least.is_ascii() {
        return Ok(units);
    }
    let mut missing = units;
    for (offset, character) in text.char_indices() {
        if missing == 0 {
            return Ok(offset);
        }
        missing = missing.checked_sub(character.len_utf16()).ok_or(PacketError::SplitCharacter)?;
    }
    if missing == 0 { Ok(text.len()) } else { Err(PacketError::Truncated) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_as_javascript_does() {
        for (text, units, bytes) in [
            ("hello", 5, 5),
            ("hello", 3, 3),
            ("", 0, 0),
            ("\u{e9}t\u{e9}", 3, 5),
            ("\u{20ac}1", 1, 3),
            ("a\u{1f600}b", 3, 5),
            ("\u{1f600}", 2, 4),
            ("\u{1f600}\u{1f600}", 2, 4),
            ("ab\u{1f600}", 2, 2),
        ] {
            assert_eq!(utf16_offset(text, units), Ok(bytes), "{text} {units}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_not_a_place_to_cut() {
        for (text, units) in [("\u{1f600}", 1), ("a\u{1f600}", 2), ("\u{1f600}\u{1f600}x", 3)] {
            assert_eq!(utf16_offset(text, units), Err(PacketError::SplitCharacter));
        }
    }

    #[test]
    fn more_units_than_there_are_go_past_the_end() {
        for (text, units) in [("", 1), ("abc", 4), ("\u{e9}\u{e9}", 3), ("\u{1f600}", 3)] {
            assert_eq!(utf16_offset(text, units), Err(PacketError::Truncated));
        }
    }
}
