//! The way out.

use std::cell::Cell;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::TAIL;

/// A context, and room for what it makes.
struct Scratch {
    context: Compress,
    window_bits: u8,
    made: Vec<u8>,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Compresses a payload that comes in two parts, and gives `take` the result, or none if it isn't
/// shorter.
pub(super) fn compress<R>(
    parts: [&[u8]; 2],
    window_bits: u8,
    take: impl FnOnce(Option<&[u8]>) -> R,
) -> R {
    // While the thread ends there is no place for it.
    let spare = SCRATCH.try_with(Cell::take).ok().flatten();
    let mut scratch = spare.filter(|spare| spare.window_bits == window_bits).unwrap_or_else(|| {
        let context = Compress::new_with_window_bits(LEVEL, false, window_bits);
        Box::new(Scratch { context, window_bits, made: Vec::new() })
    });
    scratch.context.reset();
    let is_shorter = run(&mut scratch.context, parts, &mut scratch.made);
    let result = take(is_shorter.then_some(&scratch.made));
    if scratch.made.capacity() > MOST_KEPT {
        scratch.made = Vec::new();
    }
    let _ = SCRATCH.try_with(|place| place.set(Some(scratch)));
    result
}

/// Whether the result is shorter than what went in.
fn run(context: &mut Compress, parts: [&[u8]; 2], made: &mut Vec<u8>) -> bool {
    let [first, last] = parts;
    made.clear();
    // Ends the work as soon as nothing can be gained.
    made.reserve(first.len() + last.len());
    let most = made.capacity();
    for (part, flush) in [(first, FlushCompress::None), (last, FlushCompress::Sync)] {
        let before = context.total_in();
        let status = context.compress_vec(part, made, flush);
        let is_all = context.total_in() - before == part.len() as u64;
        if !matches!(status, Ok(Status::Ok | Status::BufError)) || !is_all || made.len() == most {
            return false;
        }
    }
    if made.ends_with(&TAIL) {
        made.truncate(made.len() - TAIL.len());
        return made.len() < first.len() + last.len();
    }
    false
}

/// The fastest. A message of 1 KiB of JSON becomes 43 % of its length, and with level 6 a third, for
/// more than twice the time.
const LEVEL: Compression = Compression::fast();

/// How much room a thread keeps.
const MOST_KEPT: usize = 64 << 10;
