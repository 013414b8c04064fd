//! The body of a request, while it arrives.

use std::mem;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Collects the body of a request, if it is wanted.
pub(crate) enum RequestBody {
    /// The body is collected.
    Keep {
        body: BytesMut,
        limit: usize,
        /// How long it will be, if its client has said so and that is within the limit.
        expected: Option<usize>,
    },
    /// The rest isn't wanted, but `left` more bytes are read: a client that is still writing may
    /// never see the answer.
    Discard { left: usize },
    /// Nothing more is read.
    Done,
}

/// The body is longer than its limit.
#[derive(Debug)]
pub(crate) struct TooLong;

impl RequestBody {
    /// A body of up to `limit` bytes, of which the client may have said how long it will be.
    pub(crate) fn new(limit: usize, expected: Option<usize>) -> Self {
        let expected = expected.filter(|expected| *expected <= limit);
        Self::Keep { body: BytesMut::new(), limit, expected }
    }

    /// A body that nobody wants, of a server with this limit.
    pub(crate) fn unwanted(limit: usize) -> Self {
        Self::discard(limit, 0)
    }

    /// The memory that it has taken.
    pub(crate) fn held(&self) -> usize {
        match self {
            Self::Keep { body, .. } => body.capacity(),
            Self::Discard { .. } | Self::Done => 0,
        }
    }

    /// How much of it has come.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Keep { body, .. } => body.len(),
            Self::Discard { .. } | Self::Done => 0,
        }
    }

    /// `received` bytes of it have come.
    fn discard(limit: usize, received: usize) -> Self {
        let most = limit.saturating_mul(DISCARD_FACTOR).max(DISCARD_LEAST);
        Self::Discard { left: most.saturating_sub(received) }
    }

    /// The most bytes that are wanted.
    pub(crate) const fn limit(&self) -> Option<usize> {
        match self {
            Self::Keep { limit, .. } => Some(*limit),
            Self::Discard { .. } | Self::Done => None,
        }
    }

    /// Whether to read on.
    pub(crate) const fn is_open(&self) -> bool {
        !matches!(self, Self::Done | Self::Discard { left: 0 })
    }

    /// Takes a part of the body.
    pub(crate) fn data(&mut self, data: impl Buf) -> Result<(), TooLong> {
        match self {
            Self::Keep { body, limit, expected }
                if data.remaining() <= limit.saturating_sub(body.len()) =>
            {
                make_room(body, data.remaining(), *expected);
                body.put(data);
            }
            Self::Keep { limit, body, .. } => {
                *self = Self::discard(*limit, body.len().saturating_add(data.remaining()));
                return Err(TooLong);
            }
            Self::Discard { left } => *left = left.saturating_sub(data.remaining()),
            Self::Done => {}
        }
        Ok(())
    }

    /// Ends the body, and returns what was collected.
    pub(crate) fn end(&mut self) -> Option<Bytes> {
        match mem::replace(self, Self::Done) {
            Self::Keep { body, .. } => Some(body.freeze()),
            Self::Discard { .. } | Self::Done => None,
        }
    }

    /// The answer is known. The rest is read only so that the client sees the answer.
    pub(crate) fn answered(&mut self) {
        if let Self::Keep { limit, body, .. } = self {
            *self = Self::discard(*limit, body.len());
        }
    }
}

/// Makes room for `more` bytes: four times what has come, but no more than is expected. So a body
/// whose length is known ends exactly as long.
fn make_room(body: &mut BytesMut, more: usize, expected: Option<usize>) {
    let enough = body.len().saturating_add(more);
    if let Some(expected) = expected
        && body.capacity() < enough
    {
        let room = body.len().saturating_mul(4).min(expected).max(enough);
        // A reservation for a buffer that isn't empty at least doubles it.
        let mut larger = BytesMut::with_capacity(room);
        larger.extend_from_slice(body);
        *body = larger;
    }
}

/// How much of an unwanted body is read so that the client sees the answer, as a multiple of the
/// limit. Many HTTP clients write their whole body before they look for an answer, and report a
/// reset connection if they can't. It costs no memory, and time is limited, too.
const DISCARD_FACTOR: usize = 64;

/// The same in bytes, 64 MiB, for low limits.
const DISCARD_LEAST: usize = 64 << 20;
