//! Compressed messages (RFC 7692) as other ends make and read them.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// A compressed message as other ends send it.
pub(crate) fn deflated(payload: &[u8], level: u32) -> Vec<u8> {
    let mut context = Compress::new(Compression::new(level), false);
    let mut out = Vec::with_capacity(payload.len() * 2 + 1_000);
    context.compress_vec(payload, &mut out, FlushCompress::Sync).unwrap();
    assert_eq!(context.total_in(), payload.len() as u64);
    assert!(out.ends_with(&[0, 0, 0xff, 0xff]));
    out.truncate(out.len() - 4);
    out
}

/// Such a message as it was.
pub(crate) fn inflated(payload: &[u8], window_bits: u8) -> Vec<u8> {
    let payload = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut context = Decompress::new_with_window_bits(false, window_bits);
    let mut out = Vec::with_capacity(1 << 21);
    context.decompress_vec(&payload, &mut out, FlushDecompress::Sync).unwrap();
    assert_eq!(context.total_in(), payload.len() as u64);
    out
}

/// Text of this length that can be compressed.
pub(crate) fn json(length: usize) -> String {
    let items = (0..).map(|number: u32| {
        let price = number.wrapping_mul(2_654_435_761);
        format!(r#"{{"id":{number},"price":{price},"active":{}}},"#, price.is_multiple_of(3))
    });
    let mut all = String::new();
    for item in items {
        if all.len() >= length {
            break;
        }
        all.push_str(&item);
    }
    all.truncate(length);
    all
}

/// Bytes that can't be compressed.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
