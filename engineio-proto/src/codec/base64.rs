//! Bytes where only text goes. Standard alphabet; padded and in one line by us, either way from
//! others.

use alloc::string::String;
use alloc::vec::Vec;

use ::base64::Engine as _;
use ::base64::alphabet;
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::error::PacketError;

// Node's decoder accepts a text without its padding, so some peers may send one.
// It also skips every other character. That would hide a broken peer, except for white space: the
// Java client breaks its lines as MIME does (RFC 2045, section 6.8).
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// The length of what [`encode`] returns, or all there is if that can't be represented.
pub(super) fn encoded_len(len: usize) -> usize {
    ::base64::encoded_len(len, true).unwrap_or(usize::MAX)
}

/// [`encode`], without an allocation of its own.
pub(super) fn append(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start.saturating_add(encoded_len(bytes.len())), 0);
    let space = out.get_mut(start..).unwrap_or_default();
    let written = ENGINE.encode_slice(bytes, space);
    debug_assert!(written.is_ok_and(|written| written == space.len()));
}

pub(super) fn decode(text: &str) -> Result<Bytes, PacketError> {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace();
    let bytes = match ENGINE.decode(text) {
        Err(_) if text.as_bytes().iter().any(is_blank) => {
            let joined: Vec<u8> = text.bytes().filter(|byte| !is_blank(byte)).collect();
            ENGINE.decode(joined)
        }
        decoded => decoded,
    };
    Ok(bytes.map_err(|_| PacketError::NotBase64)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_that_can_not_be_represented_does_not_overflow() {
        assert_eq!(encoded_len(usize::MAX), usize::MAX);
        assert_eq!(encoded_len(usize::MAX / 2 + 1) % 4, 0);
    }

    #[test]
    fn appending_leaves_what_is_there_and_writes_the_announced_length() {
        for len in 0..10 {
            let bytes = [0xfb; 10];
            let bytes = bytes.get(..len).unwrap();
            let mut out = b"b4".to_vec();
            append(bytes, &mut out);
            assert_eq!(out, [b"b4", encode(bytes).as_bytes()].concat());
            assert_eq!(out.len(), 2 + encoded_len(len));
        }
    }
}
