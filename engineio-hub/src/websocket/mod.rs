//! A WebSocket over memory: bytes in, messages out, and the other way round.

mod buffer;
mod fault;
mod reader;
mod write_buffer;

use core::fmt;

use engineio_proto::Frame;
use tungstenite::protocol::Role;

pub use self::fault::Fault;
pub use self::write_buffer::WRITE_AHEAD;
use self::{
    reader::{Item, Reader},
    write_buffer::WriteBuffer,
};

/// One end of a WebSocket after the opening handshake (RFC 6455), without a socket.
///
/// | | |
/// |---|---|
/// | in | [`receive`](Self::receive), then [`poll_received`](Self::poll_received) until it gives `None` |
/// | out | [`send`](Self::send) and [`close`](Self::close), then write what is [`unsent`](Self::unsent) and say how much of it was [`sent`](Self::sent) |
///
/// `poll_received` queues answers to the peer's control frames, so look at `unsent` afterwards. The
/// connection is at its end when the peer's close was read, or a fault was, and nothing is unsent.
///
/// There are no extensions (no compression), and frames going out aren't cut into fragments.
///
/// An idle WebSocket holds no heap memory: none before the first byte, and none whenever everything
/// received was polled, no message is half received and everything was sent.
pub struct WebSocket {
    reader: Reader,
    reading: Reading,
    writes: WriteBuffer,
}

enum Reading {
    Open,
    /// The peer's close frame was its last.
    Closed,
    Failed(Fault),
}

/// What a peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// One whole message.
    Frame(Frame),
    /// The peer closes, with this code if it gave one. The answer is queued, unless this is the
    /// answer.
    Closed(Option<u16>),
}

impl WebSocket {
    /// A server's end, which refuses messages of more than `max_payload` bytes.
    pub fn server(max_payload: usize) -> Self {
        Self::new(Role::Server, max_payload)
    }

    /// A client's end, which refuses messages of more than `max_payload` bytes.
    pub fn client(max_payload: usize) -> Self {
        Self::new(Role::Client, max_payload)
    }

    fn new(role: Role, max_payload: usize) -> Self {
        Self {
            reader: Reader::new(role, max_payload),
            reading: Reading::Open,
            writes: WriteBuffer::new(role == Role::Client),
        }
    }

    /// Takes bytes that arrived from the socket, cut anywhere.
    ///
    /// They are copied and kept until they are polled: poll before receiving more. What comes after
    /// the peer's close frame or after a fault is ignored.
    pub fn receive(&mut self, bytes: &[u8]) {
        match self.reading {
            Reading::Open => self.reader.receive(bytes),
            Reading::Closed | Reading::Failed(_) => {}
        }
    }

    /// The next message, or `None` until more bytes were received.
    ///
    /// Pings are answered and pongs are dropped on the way. After [`Received::Closed`] there is
    /// nothing more.
    ///
    /// # Errors
    ///
    /// What the peer did wrong. Nothing can be read any more, and each further call gives the same
    /// again. [`close`](Self::close) with the fault's [`close_code`](Fault::close_code) tells the
    /// peer.
    pub fn poll_received(&mut self) -> Result<Option<Received>, Fault> {
        match &self.reading {
            Reading::Open => {}
            Reading::Closed => return Ok(None),
            Reading::Failed(fault) => return Err(fault.clone()),
        }
        let polled = self.poll_open();
        let end = match &polled {
            Ok(None | Some(Received::Frame(_))) => return polled,
            Ok(Some(Received::Closed(_))) => Reading::Closed,
            Err(fault) => Reading::Failed(fault.clone()),
        };
        self.reading = end;
        self.reader.clear();
        polled
    }

    fn poll_open(&mut self) -> Result<Option<Received>, Fault> {
        while let Some(item) = self.reader.poll()? {
            match item {
                Item::Frame(frame) => return Ok(Some(Received::Frame(frame))),
                Item::Ping(data) => self.writes.pong(&data),
                Item::Close(code) => {
                    self.writes.close(code);
                    return Ok(Some(Received::Closed(code)));
                }
            }
        }
        Ok(None)
    }

    /// Queues one message. After a close frame it is dropped.
    ///
    /// The payload is copied. The buffer has no limit of its own: send while less than
    /// [`WRITE_AHEAD`] is unsent.
    pub fn send(&mut self, frame: &Frame) {
        self.writes.send(frame);
    }

    /// Queues a close frame with this code and an empty reason, as the last frame. Repeated calls,
    /// and a call after the peer's close was answered, do nothing.
    pub fn close(&mut self, code: u16) {
        self.writes.close(Some(code));
    }

    /// What to write to the socket next.
    pub fn unsent(&self) -> &[u8] {
        self.writes.unsent()
    }

    /// Says that the first `written` bytes of [`unsent`](Self::unsent) were written.
    pub fn sent(&mut self, written: usize) {
        self.writes.sent(written);
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("unsent", &self.unsent().len()).finish_non_exhaustive()
    }
}
