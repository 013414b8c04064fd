//! The mask of what clients send (RFC 6455, section 5.3).

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
