//! What a WebSocket makes of the bytes of a client, and what it sends.

mod chunks;
mod client;
mod incoming;
mod limits;
mod outgoing;

use bytes::Bytes;
use bytestring::ByteString;
use engineio_hub::websocket::{Fault, Received, WebSocket};
use engineio_proto::Frame;

pub(crate) const MAX_PAYLOAD: usize = 1_000;

pub(crate) fn server() -> WebSocket {
    WebSocket::server(MAX_PAYLOAD)
}

pub(crate) fn text(text: &str) -> Received {
    Received::Frame(Frame::text(ByteString::from(text)))
}

pub(crate) fn binary(bytes: &[u8]) -> Received {
    Received::Frame(Frame::binary(Bytes::copy_from_slice(bytes)))
}

/// All that comes out until more bytes are needed.
pub(crate) fn poll_all(socket: &mut WebSocket) -> Result<Vec<Received>, Fault> {
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
