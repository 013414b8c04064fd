//! Where the body of a request ends.

use std::mem;

use bytes::{Buf, BytesMut};
use http::Version;
use httparse::Status;

use super::Fault;
use crate::head::{RequestHead, text};

/// What is still to come of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "HTTP/1.1 has no other")]
pub enum Body {
    /// As many bytes.
    Sized(u64),
    /// Chunks, up to one without data.
    Chunked(Chunks),
}

/// How far a body in chunks was read (RFC 9112, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "HTTP/1.1 has no other")]
pub enum Chunks {
    /// Before the line with the size of a chunk.
    Size,
    /// In a chunk with as many bytes left.
    Data(u64),
    /// Before the line end behind a chunk.
    DataEnd,
    /// In the trailers, which are ignored, after as many bytes of them.
    Trailers(usize),
    /// Behind all of it.
    End,
}

impl Body {
    /// The body that this head announces.
    pub(super) fn new(head: &RequestHead<'_>) -> Result<Self, Fault> {
        let fields = &head.fields;
        match (fields.transfer_codings, fields.content_lengths, fields.content_length) {
            (0, 0, _) => Ok(Self::Sized(0)),
            (0, 1, Some(length)) => {
                let digits = text(length).unwrap_or_default();
                // `parse` would take a sign.
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
                let length = digits.parse().ok().filter(|_| is_number);
                length.map(Self::Sized).ok_or(Fault::Malformed)
            }
            (1, 0, _) if head.version == Version::HTTP_11 && !fields.has_other_coding => {
                Ok(Self::Chunked(Chunks::Size))
            }
            _ => Err(Fault::Malformed),
        }
    }

    /// Whether all of it was taken.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Sized(0) | Self::Chunked(Chunks::End))
    }

    /// Whether more than `limit` bytes are certainly left of it.
    pub(crate) fn is_longer_than(self, limit: usize) -> bool {
        matches!(self, Self::Sized(left) if left > limit as u64)
    }

    /// All of it, if that is what `input` begins with and its length was told.
    pub(super) fn whole(self, input: &[u8]) -> Option<&[u8]> {
        let Self::Sized(len) = self else { return None };
        input.get(..usize::try_from(len).ok()?).filter(|whole| !whole.is_empty())
    }

    /// Takes its next part out of `input`. `None`: more has to come, or it
    /// [has ended](Self::is_ended).
    ///
    /// # Errors
    ///
    /// If the chunks are malformed. Nothing that follows can be understood.
    pub fn take(&mut self, input: &mut BytesMut) -> Result<Option<BytesMut>, Fault> {
        match self {
            Self::Sized(left) => Ok(take_up_to(left, input)),
            Self::Chunked(chunks) => chunks.take(input),
        }
    }
}

impl Chunks {
    fn take(&mut self, input: &mut BytesMut) -> Result<Option<BytesMut>, Fault> {
        loop {
            match self {
                Self::Size => match chunk_size(input)? {
                    Some((len, size)) => {
                        input.advance(len);
                        *self = if size == 0 { Self::Trailers(0) } else { Self::Data(size) };
                    }
                    None => return Ok(None),
                },
                Self::Data(0) => *self = Self::DataEnd,
                Self::Data(left) => return Ok(take_up_to(left, input)),
                Self::DataEnd => {
                    if !b"\r\n".starts_with(input.get(..2).unwrap_or(input)) {
                        return Err(Fault::Malformed);
                    }
                    if input.len() < 2 {
                        return Ok(None);
                    }
                    input.advance(2);
                    *self = Self::Size;
                }
                Self::Trailers(seen) => {
                    let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
                        let is_within = seen.saturating_add(input.len()) <= MAX_TRAILERS;
                        return if is_within { Ok(None) } else { Err(Fault::Malformed) };
                    };
                    let line = input.split_to(end.saturating_add(1));
                    *seen = seen.saturating_add(line.len());
                    if !line.ends_with(b"\r\n") || *seen > MAX_TRAILERS {
                        return Err(Fault::Malformed);
                    }
                    if line.len() == 2 {
                        *self = Self::End;
                    }
                }
                Self::End => return Ok(None),
            }
        }
    }
}

fn take_up_to(left: &mut u64, input: &mut BytesMut) -> Option<BytesMut> {
    let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *left = left.saturating_sub(len as u64);
    match len {
        0 => None,
        // Splitting allocates, to share the memory.
        _ if len == input.len() => Some(mem::take(input)),
        _ => Some(input.split_to(len)),
    }
}

/// The length of a chunk's size line, and the size that it tells.
fn chunk_size(input: &[u8]) -> Result<Option<(usize, u64)>, Fault> {
    // httparse reads an empty line as 0, and a bare line feed as part of an extension.
    if input.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
        return Err(Fault::Malformed);
    }
    let line_feed = input.iter().position(|byte| *byte == b'\n');
    match httparse::parse_chunk_size(input) {
        Ok(Status::Complete((len, size)))
            if line_feed == len.checked_sub(1) && len <= MAX_SIZE_LINE =>
        {
            Ok(Some((len, size)))
        }
        Ok(Status::Partial) if line_feed.is_none() && input.len() <= MAX_SIZE_LINE => Ok(None),
        Ok(_) | Err(_) => Err(Fault::Malformed),
    }
}

/// The longest size line of a chunk. Only extensions make it longer, and no client uses them.
const MAX_SIZE_LINE: usize = 256;

/// How many bytes of trailers may follow the last chunk.
const MAX_TRAILERS: usize = 4 << 10;
