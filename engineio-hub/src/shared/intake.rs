//! What has come on a connection, on its way to the session.

use std::collections::VecDeque;

use super::fairness::{BYTES_PER_TURN, FRAMES_PER_TURN};
use crate::websocket::{Fault, Received, WebSocket};

/// Bytes that have come, or the messages in them.
pub(crate) enum Intake<'a> {
    /// They are decoded in the turn that takes them in.
    Bytes(&'a [u8]),
    /// They may be compressed, so they were decoded before: inflating takes too long for a lock.
    Decoded(VecDeque<Result<Received, Fault>>),
    /// The session has all of it.
    Given,
}

impl<'a> Intake<'a> {
    /// As much of what has come as one turn should take. The rest stays in `bytes`.
    #[inline]
    pub(crate) fn new(socket: &mut WebSocket, bytes: &mut &'a [u8]) -> Self {
        if socket.inflates() {
            Self::Decoded(decode(socket, bytes))
        } else {
            Self::Bytes(std::mem::take(bytes))
        }
    }
}

/// A few bytes can become a thousand times as many, so it stops in between. A message may be whole
/// without any.
#[cold]
fn decode(socket: &mut WebSocket, bytes: &mut &[u8]) -> VecDeque<Result<Received, Fault>> {
    let mut decoded = VecDeque::new();
    let mut length = 0_usize;
    loop {
        match socket.receive(bytes) {
            Ok(None) => break,
            Ok(Some(received)) => {
                if let Received::Frame(frame) = &received {
                    length = length.saturating_add(frame.len());
                }
                decoded.push_back(Ok(received));
            }
            Err(fault) => {
                decoded.push_back(Err(fault));
                break;
            }
        }
        let is_enough = length >= BYTES_PER_TURN || decoded.len() >= FRAMES_PER_TURN as usize;
        if bytes.is_empty() || is_enough {
            break;
        }
    }
    decoded
}

/// What has come and has to wait: the session takes no more of it, or others have their turn. While
/// there is some, the stream isn't read.
#[derive(Debug, Default)]
pub(crate) struct Held(Option<Box<Rest>>);

#[derive(Debug)]
struct Rest {
    bytes: Vec<u8>,
    taken: usize,
}

impl Held {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The memory that it holds.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |rest| rest.bytes.capacity())
    }

    /// Keeps what is left of the bytes that came last.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match &mut self.0 {
            None => self.0 = Some(Box::new(Rest { bytes: bytes.to_vec(), taken: 0 })),
            Some(rest) => rest.bytes.extend_from_slice(bytes),
        }
    }

    /// Has all of it taken from the front, as far as `take` goes.
    pub(crate) fn take(&mut self, take: impl FnOnce(&mut &[u8])) {
        let Some(mut rest) = self.0.take() else { return };
        let mut bytes = rest.bytes.get(rest.taken..).unwrap_or_default();
        take(&mut bytes);
        let left = bytes.len();
        if left > 0 {
            rest.taken = rest.bytes.len() - left;
            self.0 = Some(rest);
        }
    }
}
