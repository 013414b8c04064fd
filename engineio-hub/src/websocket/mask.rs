//! The mask of what clients send (RFC 6455, section 5.3).
//!
//! Everything works on four bytes at a time, which compilers turn into vector instructions. A copy is
//! made and masked in one pass, which costs about as much as a plain copy.

/// Masks or unmasks bytes in their place. The first byte of the key is for the first of them.
pub(super) fn apply(key: [u8; 4], bytes: &mut [u8]) {
    let (whole, rest) = bytes.as_chunks_mut();
    for chunk in whole {
        *chunk = four(*chunk, key);
    }
    rest.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
}

/// Appends a copy of `payload`, masked or unmasked.
#[inline]
pub(super) fn extend(to: &mut Vec<u8>, key: [u8; 4], payload: &[u8]) {
    let (whole, rest) = payload.as_chunks();
    to.extend(whole.iter().flat_map(|chunk| four(*chunk, key)));
    for (byte, key) in rest.iter().zip(key) {
        to.push(byte ^ key);
    }
}

/// Copies `payload`, masked or unmasked, to a place of the same length.
pub(super) fn copy(to: &mut [u8], key: [u8; 4], payload: &[u8]) {
    let (whole, rest) = payload.as_chunks();
    let (whole_to, rest_to) = to.as_chunks_mut();
    for (to, chunk) in whole_to.iter_mut().zip(whole) {
        *to = four(*chunk, key);
    }
    for ((to, byte), key) in rest_to.iter_mut().zip(rest).zip(key) {
        *to = byte ^ key;
    }
}

#[inline]
fn four(bytes: [u8; 4], key: [u8; 4]) -> [u8; 4] {
    (u32::from_ne_bytes(bytes) ^ u32::from_ne_bytes(key)).to_ne_bytes()
}
