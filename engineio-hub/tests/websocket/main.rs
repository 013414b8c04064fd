//! What a WebSocket reads from a client's bytes, and what it sends.

mod chunks;
mod client;
#[path = "../common/compressed.rs"]
mod compressed;
mod deflate;
mod deflate_chunks;
mod incoming;
mod limits;
mod negotiation;
mod outgoing;

use bytes::Bytes;
use bytestring::ByteString;
use engineio_hub::websocket::{Fault, Received, WebSocket};
use engineio_proto::Frame;

pub(crate) const MAX_PAYLOAD: usize = 1_000;

/// A WebSocket, with what has arrived and wasn't taken.
pub(crate) struct Socket {
    inner: WebSocket,
    input: Vec<u8>,
}

impl Socket {
    pub(crate) const fn new(inner: WebSocket) -> Self {
        Self { inner, input: Vec::new() }
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.input.extend(bytes);
    }

    pub(crate) fn poll_received(&mut self) -> Result<Option<Received>, Fault> {
        let mut input = &self.input[..];
        let received = self.inner.receive(&mut input);
        let taken = self.input.len() - input.len();
        self.input.drain(..taken);
        received
    }

    pub(crate) fn send(&mut self, frame: Frame) {
        self.inner.send(frame);
    }

    pub(crate) fn close(&mut self, code: u16) {
        self.inner.close(code);
    }

    /// What is to be written in one go.
    pub(crate) fn unsent(&self) -> Vec<u8> {
        self.inner.unsent().concat()
    }

    pub(crate) fn unsent_len(&self) -> usize {
        self.inner.unsent_len()
    }

    pub(crate) fn sent(&mut self, count: usize) {
        self.inner.sent(count);
    }

    /// All that is to be written.
    pub(crate) fn write_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while self.unsent_len() > 0 {
            let part = self.unsent();
            self.sent(part.len());
            all.extend(part);
        }
        all
    }
}

pub(crate) fn server() -> Socket {
    Socket::new(WebSocket::server(MAX_PAYLOAD))
}

pub(crate) fn text(text: &str) -> Received {
    Received::Frame(Frame::text(ByteString::from(text)))
}

pub(crate) fn binary(bytes: &[u8]) -> Received {
    Received::Frame(Frame::binary(Bytes::copy_from_slice(bytes)))
}

/// All that comes out until more bytes are needed.
pub(crate) fn poll_all(socket: &mut Socket) -> Result<Vec<Received>, Fault> {
    let mut all = Vec::new();
    while let Some(incoming) = socket.poll_received()? {
        all.push(incoming);
    }
    Ok(all)
}

pub(crate) fn after(frames: &[Vec<u8>]) -> Result<Vec<Received>, Fault> {
    let mut socket = server();
    socket.receive(&frames.concat());
    poll_all(&mut socket)
}

#[test]
fn websocket_may_move_between_threads() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<WebSocket>();
    is_send_and_sync::<Fault>();
}
