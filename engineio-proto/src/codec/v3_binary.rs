//! Revision 3 as bytes: every item behind a marker that says whether it is text,
//! and its length in bytes (`encodePayloadAsBinary` of `engine.io/lib/parser-v3/index.ts`).

use alloc::vec::Vec;

use bytes::Bytes;

use super::packet::{Item, text};
use super::v3_length::LengthForm;
use crate::error::PacketError;
use crate::packet::Message;

const TEXT: u8 = 0;
const BINARY: u8 = 1;
const LENGTH: LengthForm = LengthForm { zero: 0, end: 0xff };

pub(super) fn write(item: &Item<'_>, body: &mut Vec<u8>) {
    body.push(if item.is_text() { TEXT } else { BINARY });
    LENGTH.write(item.len(), body);
    item.write(body);
}

pub(super) fn added(item: &Item<'_>) -> usize {
    item.len().saturating_add(1 + LengthForm::width(item.len()))
}

/// The items up to the first that is cut wrongly; the rest is ignored.
pub(super) fn items(body: &Bytes) -> impl Iterator<Item = Result<Message, PacketError>> {
    let mut rest: &[u8] = body;
    core::iter::from_fn(move || {
        let (&marker, tail) = rest.split_first()?;
        let is_text = match marker {
            TEXT => true,
            BINARY => false,
            byte => return Some(Err(PacketError::UnknownMarker { byte })),
        };
        Some(cut_first(tail).and_then(|(item, tail)| {
            rest = tail;
            let item = body.slice_ref(item);
            if is_text { text(item).map(Message::Text) } else { Ok(Message::Binary(item)) }
        }))
    })
}

fn cut_first(bytes: &[u8]) -> Result<(&[u8], &[u8]), PacketError> {
    let (length, start) = LENGTH.read(bytes)?;
    let bytes = bytes.get(start..).ok_or(PacketError::BadLength)?;
    bytes.split_at_checked(length).ok_or(PacketError::Truncated)
}
