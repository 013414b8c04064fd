//! The decimal lengths of revision 3, in characters or in bytes of 0 to 9.

use alloc::vec::Vec;

use crate::error::PacketError;

/// How digits are written, and what ends them.
#[derive(Clone, Copy, Debug)]
pub(super) struct LengthForm {
    pub(super) zero: u8,
    pub(super) end: u8,
}

impl LengthForm {
    /// How many bytes [`write`](Self::write) appends.
    pub(super) fn width(length: usize) -> usize {
        highest_power(length) as usize + 2
    }

    pub(super) fn write(self, length: usize, out: &mut Vec<u8>) {
        for power in (0..=highest_power(length)).rev() {
            let digit = length / 10_usize.pow(power) % 10;
            out.push(self.zero + digit as u8);
        }
        out.push(self.end);
    }

    /// The length at the start of `bytes`, and where the measured data starts.
    ///
    /// Leading zeros mean nothing, as in the reference. A number that is too
    /// large to represent certainly goes past the end.
    pub(super) fn read(self, bytes: &[u8]) -> Result<(usize, usize), PacketError> {
        let mut length: usize = 0;
        for (index, &byte) in bytes.iter().enumerate() {
            if byte == self.end && index > 0 {
                return Ok((length, index + 1));
            }
            let digit = byte.wrapping_sub(self.zero);
            if digit > 9 {
                return Err(PacketError::BadLength);
            }
            let longer = length.checked_mul(10).and_then(|tens| tens.checked_add(digit.into()));
            length = longer.ok_or(PacketError::Truncated)?;
        }
        Err(PacketError::BadLength)
    }
}

/// The power of ten of the first digit.
fn highest_power(length: usize) -> u32 {
    length.checked_ilog10().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: LengthForm = LengthForm { zero: b'0', end: b':' };
    const BINARY: LengthForm = LengthForm { zero: 0, end: 0xff };

    #[test]
    fn every_length_is_read_as_it_was_written() {
        for length in [0, 1, 9, 10, 11, 99, 100, 101, 1_000_000, usize::MAX - 1, usize::MAX] {
            for form in [TEXT, BINARY] {
                let mut out = Vec::new();
                form.write(length, &mut out);
                assert_eq!(out.len(), LengthForm::width(length));
                assert_eq!(form.read(&out), Ok((length, out.len())));
            }
        }
    }

    #[test]
    fn digits_are_characters_in_text_and_numbers_in_binary() {
        let mut out = Vec::new();
        TEXT.write(120, &mut out);
        BINARY.write(120, &mut out);
        assert_eq!(out, b"120:\x01\x02\x00\xff");
    }

    #[test]
    fn leading_zeros_mean_nothing() {
        assert_eq!(TEXT.read(b"0012:4"), Ok((12, 5)));
        assert_eq!(TEXT.read(b"0:"), Ok((0, 2)));
    }

    #[test]
    fn length_too_large_to_represent_goes_past_the_end() {
        for digits in ["99999999999999999999:", "18446744073709551616:"] {
            assert_eq!(TEXT.read(digits.as_bytes()), Err(PacketError::Truncated));
        }
    }

    #[test]
    fn whatever_is_no_digit_is_refused() {
        for bytes in ["", ":", "1", "1;", "-1:", "1 :", "/:", "1\u{e9}:"] {
            assert_eq!(TEXT.read(bytes.as_bytes()), Err(PacketError::BadLength), "{bytes}");
        }
        assert_eq!(BINARY.read(&[10, 0xff]), Err(PacketError::BadLength));
        assert_eq!(BINARY.read(b"1\xff"), Err(PacketError::BadLength));
    }
}
