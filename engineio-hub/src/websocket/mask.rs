//! The mask of what clients send (RFC 6455, section 5.3).

use super::large;

/// Masks or unmasks bytes in their place. The first byte of the key is for the first of them.
pub(super) fn apply(key: [u8; 4], bytes: &mut [u8]) {
    let mut wide = [0; 16];
    wide.chunks_exact_mut(4).for_each(|part| part.copy_from_slice(&key));
    let (whole, rest) = bytes.as_chunks_mut::<16>();
    let wide_key = u128::from_ne_bytes(wide);
    for chunk in whole {
        *chunk = (u128::from_ne_bytes(*chunk) ^ wide_key).to_ne_bytes();
    }
    rest.iter_mut().zip(wide).for_each(|(byte, key)| *byte ^= key);
}

/// An unmasked copy.
#[inline]
pub(super) fn unmasked(payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    if payload.len() <= AT_ONCE {
        let mut copy = payload.to_vec();
        apply(key, &mut copy);
        return copy;
    }
    let mut copy = large::empty(payload.len());
    for part in payload.chunks(AT_ONCE) {
        let before = copy.len();
        copy.extend_from_slice(part);
        apply(key, copy.get_mut(before..).unwrap_or_default());
    }
    copy
}

/// How many bytes are copied and then unmasked, while they are in the fastest cache. A multiple of
/// the key's length.
pub(super) const AT_ONCE: usize = 8 << 10;
