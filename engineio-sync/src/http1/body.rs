//! Where the body of a request ends.

use bytes::{Buf, BytesMut};
use http::Version;
use http::header;
use http::request::Parts;
use httparse::Status;

use super::Fault;

/// What is still to come of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes.
    Sized(u64),
    /// Chunks.
    Chunked(Chunks),
}

/// Where in its chunks a body is (RFC 9112, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunks {
    /// Before the line with the size of a chunk.
    Size,
    /// In a chunk, which has so many bytes left.
    Data(u64),
    /// Before the end of the line that a chunk ends with.
    DataEnd,
    /// In the trailers, so many bytes of which have come. Nobody reads them.
    Trailers(usize),
    /// Behind the last.
    End,
}

impl Body {
    /// What the head says of the body.
    pub(super) fn new(head: &Parts) -> Result<Self, Fault> {
        let mut codings = head.headers.get_all(header::TRANSFER_ENCODING).iter();
        let mut lengths = head.headers.get_all(header::CONTENT_LENGTH).iter();
        match (codings.next(), codings.next(), lengths.next(), lengths.next()) {
            (None, None, None, None) => Ok(Self::Sized(0)),
            (None, None, Some(length), None) => {
                let digits = length.to_str().unwrap_or_default();
                // `parse` would take a sign.
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
                let length = digits.parse().ok().filter(|_| is_number);
                length.map(Self::Sized).ok_or(Fault::Malformed)
            }
            (Some(coding), None, None, None)
                if head.version == Version::HTTP_11
                    && coding.as_bytes().eq_ignore_ascii_case(b"chunked") =>
            {
                Ok(Self::Chunked(Chunks::Size))
            }
            _ => Err(Fault::Malformed),
        }
    }

    /// Whether all of it has come.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Sized(0) | Self::Chunked(Chunks::End))
    }

    /// Whether there certainly is more than this many bytes of it.
    pub fn is_longer_than(self, limit: usize) -> bool {
        matches!(self, Self::Sized(left) if left > limit as u64)
    }

    /// Takes the next part out of what has come. `None`: more has to come, or it
    /// [has ended](Self::is_ended).
    ///
    /// # Errors
    ///
    /// Where it isn't HTTP: nothing behind that can be found.
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
    (len > 0).then(|| input.split_to(len))
}

/// The length of the line with the size of a chunk, and that size.
fn chunk_size(input: &[u8]) -> Result<Option<(usize, u64)>, Fault> {
    // The library reads an empty line as 0, and a bare line feed as part of an extension.
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

/// The longest line with the size of a chunk. Nobody uses the extensions that could make it
/// longer.
const MAX_SIZE_LINE: usize = 256;

/// How many bytes of trailers may follow the last chunk.
const MAX_TRAILERS: usize = 4 << 10;
