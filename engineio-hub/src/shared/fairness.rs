//! How long a busy connection goes on before others have their turn.

/// The work of a connection in its turn. Frames count beside bytes: a chunk of tiny ones is far more
/// work than its length says. A turn may go on over pauses: ending it costs no more than a wake-up.
#[derive(Debug, Default)]
pub(crate) struct Fairness {
    bytes: usize,
    frames: u32,
    /// Many frames came at once, and nothing but tiny ones since.
    has_tiny_frames: bool,
    /// Bytes that were compressed since the connection last gave way to others.
    compressed: u32,
}

impl Fairness {
    /// How many bytes to read at most.
    pub(crate) const fn read_len(&self) -> usize {
        if self.has_tiny_frames { SHORT_READ } else { LONGEST_READ }
    }

    /// Notes what came and how many frames began in it.
    pub(crate) const fn note(&mut self, bytes: usize, frames: u32) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.frames = self.frames.saturating_add(frames);
        // A read that finds little in a flood doesn't end it.
        let goes_on = self.has_tiny_frames && bytes / TINY < frames as usize;
        self.has_tiny_frames = frames > MANY || goes_on;
    }

    /// Notes how many bytes were inflated or compressed.
    pub(crate) const fn note_work(&mut self, bytes: u32) {
        self.bytes = self.bytes.saturating_add(bytes as usize);
    }

    /// Notes how many bytes were compressed for a write that no read has brought about.
    pub(crate) const fn note_compressed(&mut self, bytes: u32) {
        self.compressed = self.compressed.saturating_add(bytes);
    }

    /// Whether to give way to others before more is compressed.
    pub(crate) const fn has_compressed_enough(&self) -> bool {
        self.compressed as usize >= BYTES_PER_TURN
    }

    /// Notes that the others had their turn.
    pub(crate) const fn has_given_way(&mut self) {
        self.compressed = 0;
    }

    /// Whether the turn is over. The next one begins.
    pub(crate) const fn is_turn_over(&mut self) -> bool {
        let is_over = self.bytes >= BYTES_PER_TURN || self.frames >= FRAMES_PER_TURN;
        if is_over {
            self.bytes = 0;
            self.frames = 0;
        }
        is_over
    }
}

/// Large enough that system calls don't slow down a busy connection, small enough to stay in the
/// cache.
pub const LONGEST_READ: usize = 64 << 10;

/// What holds about as many tiny frames as a turn may have.
const SHORT_READ: usize = 4 << 10;

pub(crate) const BYTES_PER_TURN: usize = 128 << 10;

pub(crate) const FRAMES_PER_TURN: u32 = 512;

/// Frames in one chunk, above which they are tiny.
const MANY: u32 = 256;

/// Bytes for each frame, below which those of a flood are still tiny.
const TINY: usize = 16;
