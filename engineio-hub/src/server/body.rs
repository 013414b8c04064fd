//! The body of a request, while it arrives.

use std::mem;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Collects the body of a request, as far as anybody wants it.
pub(crate) enum RequestBody {
    /// It is collected.
    Keep { body: BytesMut, limit: usize },
    /// Nobody wants what still comes, and so much of it is read: a client that is still writing
    /// may never see the answer.
    Discard { left: usize },
    /// Nothing more is read.
    Done,
}

/// The body is longer than its limit.
#[derive(Debug)]
pub(crate) struct TooLong;

impl RequestBody {
    /// The body of a request that may have one of this length.
    pub(crate) fn new(limit: usize, is_wanted: bool) -> Self {
        if is_wanted { Self::Keep { body: BytesMut::new(), limit } } else { Self::discard(limit) }
    }

    const fn discard(limit: usize) -> Self {
        Self::Discard { left: limit.saturating_mul(DISCARD_FACTOR) }
    }

    /// How many bytes of it are wanted at most.
    pub(crate) const fn limit(&self) -> Option<usize> {
        match self {
            Self::Keep { limit, .. } => Some(*limit),
            Self::Discard { .. } | Self::Done => None,
        }
    }

    /// Whether more of it is to be read.
    pub(crate) const fn is_open(&self) -> bool {
        !matches!(self, Self::Done | Self::Discard { left: 0 })
    }

    /// Some of it came.
    pub(crate) fn data(&mut self, data: impl Buf) -> Result<(), TooLong> {
        match self {
            Self::Keep { body, limit } if data.remaining() <= limit.saturating_sub(body.len()) => {
                body.put(data);
            }
            Self::Keep { limit, .. } => {
                *self = Self::discard(*limit);
                return Err(TooLong);
            }
            Self::Discard { left } => *left = left.saturating_sub(data.remaining()),
            Self::Done => {}
        }
        Ok(())
    }

    /// Nothing more of it comes. Gives what was collected.
    pub(crate) fn end(&mut self) -> Option<Bytes> {
        match mem::replace(self, Self::Done) {
            Self::Keep { body, .. } => Some(body.freeze()),
            Self::Discard { .. } | Self::Done => None,
        }
    }

    /// The answer is known: whatever still comes is read only so that the client sees it.
    pub(crate) fn answered(&mut self) {
        if let Self::Keep { limit, .. } = self {
            *self = Self::discard(*limit);
        }
    }
}

/// How many times the limit is read of a body that nobody wants, for the sake of the
/// answer.
const DISCARD_FACTOR: usize = 8;
