//! The way in.

use std::cell::Cell;

use flate2::{Decompress, FlushDecompress, Status};

use super::TAIL;
use crate::websocket::Fault;

/// A context, and room for what comes out.
struct Scratch {
    context: Decompress,
    out: Vec<u8>,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// The most bytes that a message of up to `max_payload` bytes needs when it is compressed: where
/// nothing can be gained, deflate adds a little.
pub(in crate::websocket) const fn longest(max_payload: usize) -> usize {
    max_payload.saturating_add(max_payload / 16).saturating_add(64)
}

/// Inflates a message, and stops as soon as it is longer than `max_payload`.
pub(in crate::websocket) fn inflate(payload: &[u8], max_payload: usize) -> Result<Vec<u8>, Fault> {
    // While the thread ends there is no place for it.
    let spare = SCRATCH.try_with(Cell::take).ok().flatten();
    let mut scratch = spare
        .unwrap_or_else(|| Box::new(Scratch { context: Decompress::new(false), out: Vec::new() }));
    scratch.context.reset(false);
    scratch.out.clear();
    let run = Run { context: &mut scratch.context, out: &mut scratch.out, max_payload };
    let outcome = run.all(payload);
    let message = outcome.map(|()| scratch.take());
    if scratch.out.capacity() > MOST_KEPT {
        scratch.out = Vec::new();
    }
    let _ = SCRATCH.try_with(|place| place.set(Some(scratch)));
    message
}

impl Scratch {
    /// The message, in memory that isn't much more than it needs.
    fn take(&mut self) -> Vec<u8> {
        if self.out.capacity() <= MOST_KEPT {
            return self.out.as_slice().to_vec();
        }
        let mut message = std::mem::take(&mut self.out);
        if message.capacity() / 2 > message.len() {
            message.shrink_to_fit();
        }
        message
    }
}

struct Run<'a> {
    context: &'a mut Decompress,
    out: &'a mut Vec<u8>,
    max_payload: usize,
}

impl Run<'_> {
    fn all(mut self, payload: &[u8]) -> Result<(), Fault> {
        let mut ends = 0;
        for mut part in [payload, &TAIL] {
            // Something may wait in the context until there is room for it.
            while !part.is_empty() || self.out.len() == self.out.capacity() {
                self.make_room()?;
                let (read, made) = (self.context.total_in(), self.out.len());
                let status = self
                    .context
                    .decompress_vec(part, self.out, FlushDecompress::Sync)
                    .map_err(|_| Fault::InvalidDeflate)?;
                let read = usize::try_from(self.context.total_in() - read).unwrap_or(usize::MAX);
                part = part.get(read..).unwrap_or_default();
                if status == Status::StreamEnd {
                    // Nothing more waits. What comes next stands alone (RFC 7692, 7.2.3.5).
                    self.context.reset(false);
                    ends += 1;
                    if ends > MOST_ENDS {
                        return Err(Fault::TooManyFragments);
                    }
                } else if read == 0 && made == self.out.len() {
                    if part.is_empty() {
                        break;
                    }
                    return Err(Fault::InvalidDeflate);
                }
            }
        }
        if self.out.len() > self.max_payload { Err(Fault::TooLarge) } else { Ok(()) }
    }

    /// Makes room for more, if there is none, up to one byte too many.
    fn make_room(&mut self) -> Result<(), Fault> {
        let (used, room) = (self.out.len(), self.out.capacity());
        if used > self.max_payload {
            return Err(Fault::TooLarge);
        }
        if used == room {
            let most = self.max_payload.saturating_add(1);
            let enough = room.saturating_mul(2).clamp(SMALLEST.min(most), most);
            self.out.reserve_exact(enough.saturating_sub(used));
        }
        Ok(())
    }
}

/// The first room for a message.
const SMALLEST: usize = 8 << 10;

/// How much room a thread keeps. A longer message takes the room with it.
const MOST_KEPT: usize = 64 << 10;

/// How often the data of one message may come to its end (a block with `BFINAL`) before the message
/// does. Senders do so once for each frame, at most.
const MOST_ENDS: u32 = 1_000;
