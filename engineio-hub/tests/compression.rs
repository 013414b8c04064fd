//! A client undoes what `compress` does.

use std::io::Read;

use engineio_hub::compress;
use engineio_proto::Coding;
use flate2::read::{GzDecoder, ZlibDecoder};
use proptest::{collection::vec, prelude::*};

fn decompress(coding: Coding, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        Coding::Gzip => GzDecoder::new(body).read_to_end(&mut plain),
        Coding::Deflate => ZlibDecoder::new(body).read_to_end(&mut plain),
    }
    .unwrap();
    plain
}

#[test]
fn empty_body_comes_back_empty() {
    for coding in [Coding::Gzip, Coding::Deflate] {
        assert_eq!(decompress(coding, &compress(coding, b"")), b"");
    }
}

#[test]
fn megabyte_of_text_comes_back_and_was_much_shorter() {
    let body = b"4hello\x1e".repeat(150_000);
    for coding in [Coding::Gzip, Coding::Deflate] {
        let compressed = compress(coding, &body);
        assert!(compressed.len() < body.len() / 100, "{}", compressed.len());
        assert_eq!(decompress(coding, &compressed), body);
    }
}

#[test]
fn deflate_has_the_header_of_zlib_and_gzip_its_own() {
    let zlib = compress(Coding::Deflate, b"body");
    let header = u16::from_be_bytes([zlib[0], zlib[1]]);
    assert_eq!((zlib[0] & 0x0f, header % 31), (8, 0));
    assert_eq!(compress(Coding::Gzip, b"body")[..3], [0x1f, 0x8b, 8]);
}

/// Around the end of a step, and of the window that deflate looks back in.
#[test]
fn body_of_any_number_of_steps_comes_back() {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let noise: Vec<_> = (0..100_000).map(|_| noise()).collect();
    let text = b"4hello\x1e".repeat(20_000);
    for length in [32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 98_304, 100_000] {
        for body in [&noise[..length], &text[..length]] {
            for coding in [Coding::Gzip, Coding::Deflate] {
                assert_eq!(decompress(coding, &compress(coding, body)), body, "{length}");
            }
        }
    }
}

proptest! {
    #[test]
    fn every_body_comes_back(body in vec(any::<u8>(), 0..10_000)) {
        for coding in [Coding::Gzip, Coding::Deflate] {
            prop_assert_eq!(&decompress(coding, &compress(coding, &body)), &body);
        }
    }
}
