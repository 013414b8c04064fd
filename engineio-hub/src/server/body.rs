//! The body of a request, while it arrives.

use std::mem;

use bytes::{Buf, BufMut, BytesMut};
use engineio_proto::Failure;

use crate::server::seat::Seat;

/// Collects the body of a request for its [`Seat`], as far as anybody wants it.
///
/// A body over the limit is refused as soon as that is known, and so are others before
/// they are complete. Read on all the same while [`is_open`](Self::is_open), for
/// [`linger`](engineio_proto::ServerConfig::linger) at most, before you send the answer: a client
/// that is still writing may never see it. What comes then is thrown away.
#[derive(Debug)]
pub struct RequestBody(Reading);

#[derive(Debug)]
enum Reading {
    Keep {
        body: BytesMut,
        limit: usize,
    },
    /// Nobody wants what still comes, and so much of it is read.
    Discard {
        left: usize,
    },
    Done,
}

impl RequestBody {
    /// The body that this seat waits for.
    pub fn new<D: Send + Sync + 'static>(seat: &Seat<D>) -> Self {
        Self(match seat.body_limit() {
            Some(limit) => Reading::Keep { body: BytesMut::new(), limit },
            None => Reading::discard(seat.max_payload()),
        })
    }

    /// Whether it is to be read on.
    pub const fn is_open(&self) -> bool {
        !matches!(self.0, Reading::Done | Reading::Discard { left: 0 })
    }

    /// Some of it came.
    pub fn data<D: Send + Sync + 'static>(&mut self, data: impl Buf, seat: &mut Seat<D>) {
        match &mut self.0 {
            Reading::Keep { body, limit }
                if data.remaining() <= limit.saturating_sub(body.len()) =>
            {
                body.put(data);
            }
            Reading::Keep { limit, .. } => {
                self.0 = Reading::discard(*limit);
                seat.failed(Failure::TooLarge);
            }
            Reading::Discard { left } => *left = left.saturating_sub(data.remaining()),
            Reading::Done => {}
        }
    }

    /// All of it came.
    pub fn end<D: Send + Sync + 'static>(&mut self, seat: &mut Seat<D>) {
        if let Reading::Keep { body, .. } = mem::replace(&mut self.0, Reading::Done) {
            seat.body(body.freeze());
        }
    }

    /// It can't be read to its end.
    pub fn failed<D: Send + Sync + 'static>(&mut self, why: Failure, seat: &mut Seat<D>) {
        if let Reading::Keep { .. } = mem::replace(&mut self.0, Reading::Done) {
            seat.failed(why);
        }
    }

    /// The answer is known: whatever still comes is read for its sake only.
    pub fn answered(&mut self) {
        if let Reading::Keep { limit, .. } = self.0 {
            self.0 = Reading::discard(limit);
        }
    }
}

impl Reading {
    const fn discard(limit: usize) -> Self {
        Self::Discard { left: limit.saturating_mul(DISCARD_FACTOR) }
    }
}

/// How many times the limit is read of a body that nobody wants, for the sake of the
/// answer.
const DISCARD_FACTOR: usize = 8;
