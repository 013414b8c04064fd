//! How much of a payload or a request is shown.

use core::fmt;

use bytestring::ByteString;

/// The length of some data and at most [`SHOWN`] bytes of it: `5 bytes: "hello"`.
pub(crate) struct Excerpt<'a> {
    data: &'a [u8],
    is_text: bool,
    shown: usize,
}

impl<'a> Excerpt<'a> {
    pub(crate) const fn text(text: &'a str) -> Self {
        Self { data: text.as_bytes(), is_text: true, shown: SHOWN }
    }

    pub(crate) const fn binary(data: &'a [u8]) -> Self {
        Self { data, is_text: false, shown: SHOWN }
    }

    /// Only the length.
    pub(crate) const fn hidden(data: &'a [u8]) -> Self {
        Self { data, is_text: false, shown: 0 }
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hidden(self.data.len()).fmt(f)?;
        let shown = self.data.get(..self.shown).unwrap_or(self.data);
        let rest = if shown.len() < self.data.len() { "…" } else { "" };
        if shown.is_empty() {
            return Ok(());
        }
        if !self.is_text {
            return write!(f, ": b\"{}\"{rest}", shown.escape_ascii());
        }
        // A character that is cut isn't shown.
        let text = shown.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        write!(f, ": {text:?}{rest}")
    }
}

/// The length of some data and nothing of it: `107 bytes`.
pub(crate) struct Hidden(pub(crate) usize);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.0 == 1 { "byte" } else { "bytes" };
        write!(f, "{} {unit}", self.0)
    }
}

/// A text of the request, kept short for the logs.
pub(crate) fn excerpt(text: &str) -> ByteString {
    const MOST: usize = 128;
    let end = (0..=MOST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or("").into()
}

/// How many bytes are shown.
const SHOWN: usize = 32;

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn short_data_is_shown_whole() {
        assert_eq!(format!("{:?}", Excerpt::text("a\"b")), r#"3 bytes: "a\"b""#);
        assert_eq!(format!("{:?}", Excerpt::binary(b"a\xff")), r#"2 bytes: b"a\xff""#);
        assert_eq!(format!("{:?}", Excerpt::text("")), "0 bytes");
    }

    #[test]
    fn long_data_is_cut_between_two_characters() {
        let shown = format!("200 bytes: {:?}…", "é".repeat(16));
        assert_eq!(format!("{:?}", Excerpt::text(&"é".repeat(100))), shown);
        let shown = format!("201 bytes: {:?}…", format!("x{}", "é".repeat(15)));
        assert_eq!(format!("{:?}", Excerpt::text(&format!("x{}", "é".repeat(100)))), shown);
        assert_eq!(
            format!("{:?}", Excerpt::binary(&[7; 33])),
            format!("33 bytes: b\"{}\"…", r"\x07".repeat(32))
        );
    }
}
