//! A WebSocket over memory: bytes in, messages out, and the reverse.

mod buffer;
pub(crate) mod deflate;
mod fault;
mod header;
mod large;
mod mask;
mod payload;
mod reader;
mod write_buffer;

use core::fmt;
use core::mem;

use engineio_proto::Frame;
use tungstenite::protocol::Role;

use self::deflate::SharedForm;
pub use self::deflate::{Deflate, InvalidAnswer};
pub use self::fault::Fault;
pub use self::write_buffer::WRITE_AHEAD;
use self::{
    reader::{Compression, Reader},
    write_buffer::WriteBuffer,
};

/// One end of a WebSocket after the opening handshake (RFC 6455), without a socket.
///
/// | | |
/// |---|---|
/// | in | [`receive`](Self::receive) until it gives `None`; [`room`](Self::room) and [`fill`](Self::fill) spare long messages a copy |
/// | out | [`send`](Self::send) and [`close`](Self::close), then write what is [`unsent`](Self::unsent) and say how much of it was [`sent`](Self::sent) |
///
/// `receive` queues answers to the peer's control frames, so look at `unsent` afterwards. The
/// connection is at its end when the peer's close was read, or a fault was, and nothing is unsent.
///
/// The only extension is [`Deflate`], and outgoing messages aren't fragmented.
///
/// An idle WebSocket holds no heap memory: none before the first byte, and none whenever no message
/// is half received and everything was sent. What it gives up, its thread may keep for the next one:
/// a small write buffer, and the memory of up to 16 payloads of 64 KiB to 1 MiB, of which four are
/// left when a WebSocket ends. A thread that compresses keeps up to 600 KiB for that.
pub struct WebSocket {
    reader: Reader,
    reading: Reading,
    writes: WriteBuffer,
    deflate: Option<Deflate>,
    /// How many bytes went into compressed messages.
    compressed: u32,
}

enum Reading {
    Open,
    /// The peer's close frame was its last.
    Closed,
    Failed(Fault),
}

/// What was received from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A complete message.
    Frame(Frame),
    /// The peer's close frame, with its code if it has one. The answer is queued, unless this is
    /// the answer.
    Closed(Option<u16>),
}

impl WebSocket {
    /// Makes a server's end, which refuses messages of more than `max_payload` bytes.
    pub fn server(max_payload: usize) -> Self {
        Self::new(Role::Server, max_payload)
    }

    /// Makes a client's end, which refuses messages of more than `max_payload` bytes.
    pub fn client(max_payload: usize) -> Self {
        Self::new(Role::Client, max_payload)
    }

    fn new(role: Role, max_payload: usize) -> Self {
        Self {
            reader: Reader::new(role, max_payload),
            reading: Reading::Open,
            writes: WriteBuffer::new(role == Role::Client),
            deflate: None,
            compressed: 0,
        }
    }

    /// The same with messages compressed, in both directions, if its two ends have agreed so.
    ///
    /// A message that comes may not be longer than the limit when it is inflated. One that is sent
    /// is compressed if it [may be](Frame::is_compressible), is long enough, and gets shorter.
    #[must_use]
    pub const fn compressed(mut self, agreed: Option<Deflate>) -> Self {
        if agreed.is_some() {
            self.reader.set_compression(Compression::Inflated);
        }
        self.deflate = agreed;
        self
    }

    /// Takes the next message from the front of `input`, which is what arrived from the socket, cut
    /// anywhere. `None` when all of `input` was taken and more is needed.
    ///
    /// Pings are answered and pongs are dropped on the way. After [`Received::Closed`] there is
    /// nothing more, and what comes is ignored.
    ///
    /// # Errors
    ///
    /// What the peer did wrong. Nothing can be read any more, and each further call gives the same
    /// again. [`close`](Self::close) with the fault's [`close_code`](Fault::close_code) tells the
    /// peer.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Received>, Fault> {
        if matches!(self.reading, Reading::Open)
            && let Some((payload, is_text)) = self.reader.take_whole(input)
        {
            return match reader::message(payload, is_text) {
                Ok(frame) => Ok(Some(Received::Frame(frame))),
                Err(fault) => {
                    self.end_reading(Reading::Failed(fault.clone()));
                    Err(fault)
                }
            };
        }
        self.receive_any(input)
    }

    /// As [`receive`](Self::receive), for anything but the usual message, and after the end.
    #[inline(never)]
    fn receive_any(&mut self, input: &mut &[u8]) -> Result<Option<Received>, Fault> {
        match &self.reading {
            Reading::Open => {}
            Reading::Closed => {
                *input = &[];
                return Ok(None);
            }
            Reading::Failed(fault) => {
                *input = &[];
                return Err(fault.clone());
            }
        }
        let Self { reader, writes, .. } = self;
        let received = reader.take(input, |ping| writes.pong(ping));
        let end = match &received {
            Ok(None | Some(Received::Frame(_))) => return received,
            Ok(Some(Received::Closed(code))) => {
                writes.close(*code);
                Reading::Closed
            }
            Err(fault) => Reading::Failed(fault.clone()),
        };
        self.end_reading(end);
        received
    }

    #[cold]
    fn end_reading(&mut self, end: Reading) {
        self.reading = end;
        self.reader.clear();
    }

    /// Where to read the next bytes from the socket to, at most `most` of them: the memory of a
    /// message, while 32 KiB or more of its frame are to come. That saves a copy. Say with
    /// [`fill`](Self::fill) how many have come.
    ///
    /// `None`: read to a buffer of your own, for [`receive`](Self::receive), which is always
    /// allowed.
    pub fn room(&mut self, most: usize) -> Option<&mut [u8]> {
        match self.reading {
            Reading::Open => self.reader.room(most),
            Reading::Closed | Reading::Failed(_) => None,
        }
    }

    /// Says that the first `count` bytes of the [room](Self::room) have come. `true`: a frame is
    /// whole, and [`receive`](Self::receive) may have a message without more input.
    pub fn fill(&mut self, count: usize) -> bool {
        self.reader.fill(count)
    }

    /// The memory of the message that has come in part.
    #[inline]
    pub(crate) const fn partial_len(&self) -> usize {
        self.reader.partial_len()
    }

    /// Keeps no messages from now on: nobody wants them, only the peer's close frame.
    pub(crate) fn discard(&mut self) {
        self.reader.discard();
    }

    /// How many frames have begun, modulo 2³².
    pub(crate) const fn frames(&self) -> u32 {
        self.reader.frames()
    }

    /// Whether messages that come may be compressed.
    pub(crate) fn inflates(&self) -> bool {
        self.reader.inflates()
    }

    /// Spares the work of inflating messages that nobody reads any more: they come as they are.
    pub(crate) fn ignore_compressed(&mut self) {
        if self.inflates() {
            self.reader.set_compression(Compression::Ignored);
        }
    }

    /// Whether messages are compressed.
    #[inline]
    pub(crate) const fn deflates(&self) -> bool {
        self.deflate.is_some()
    }

    /// Whether [`send`](Self::send) compresses this message.
    pub(crate) fn compresses(&self, frame: &Frame) -> bool {
        self.deflate.is_some_and(|deflate| deflate.wants(frame))
    }

    /// How many bytes were inflated, or compressed, since the last call.
    pub(crate) const fn take_work(&mut self) -> u32 {
        self.reader.take_inflated().saturating_add(mem::replace(&mut self.compressed, 0))
    }

    /// Queues one message. Messages after a close frame are dropped.
    ///
    /// A short payload is copied, and a long one shared. The buffer has no limit of its own: send
    /// while less than [`WRITE_AHEAD`] is unsent.
    #[inline]
    pub fn send(&mut self, frame: Frame) {
        if self.deflates() {
            self.send_shared(frame, None);
        } else {
            self.writes.send(frame);
        }
    }

    /// Queues a message as it is.
    #[inline]
    pub(crate) fn send_plain(&mut self, frame: Frame) {
        self.writes.send(frame);
    }

    /// Queues a message, with what its other recipients have in common.
    #[cold]
    pub(crate) fn send_shared(&mut self, frame: Frame, shared: Option<&SharedForm>) {
        let Some(deflate) = self.deflate.filter(|deflate| deflate.wants(&frame)) else {
            return self.writes.send(frame);
        };
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        self.compressed = self.compressed.saturating_add(length);
        let is_compressed = deflate.compress(&frame, shared, |form| {
            if let Some(form) = form {
                self.writes.send_compressed(frame.is_text(), form);
            }
            form.is_some()
        });
        if !is_compressed {
            self.writes.send(frame);
        }
    }

    /// Queues a close frame with this code and an empty reason, as the last frame. Repeated calls,
    /// and calls after the peer's close was answered, do nothing.
    pub fn close(&mut self, code: u16) {
        self.writes.close(Some(code));
    }

    /// What to write to the socket next, in one go: the first part, then the second. There is
    /// nothing to write if the first is empty, and there may be more than both.
    pub fn unsent(&self) -> [&[u8]; 2] {
        self.writes.unsent()
    }

    /// How many bytes are to be written.
    pub fn unsent_len(&self) -> usize {
        self.writes.len()
    }

    /// Says that the first `written` bytes of [`unsent`](Self::unsent) were written.
    pub fn sent(&mut self, written: usize) {
        self.writes.sent(written);
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        large::release();
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("unsent", &self.unsent_len()).finish_non_exhaustive()
    }
}
