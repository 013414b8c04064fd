//! A session over one WebSocket.

use super::core::Core;
use super::io::Transmit;
use crate::close::{ServerCloseReason, Violation};
use crate::codec::{self, BinaryEncoding};
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::packet::Packet;

/// A session over one WebSocket.
#[derive(Debug)]
pub(super) struct Framed {
    pub(super) conn: ConnId,
    /// As the request asked for.
    binary: BinaryEncoding,
    /// The close packet was pulled.
    has_said_close: bool,
}

impl Framed {
    pub(super) const fn new(conn: ConnId, binary: BinaryEncoding) -> Self {
        Self { conn, binary, has_said_close: false }
    }

    /// The heartbeat, then messages, then the close packet; then the reason why the session
    /// ends.
    pub(super) fn next(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
    ) -> (Option<Transmit>, Option<ServerCloseReason>) {
        if let Some(frame) = self.next_frame(core, heartbeat) {
            return (Some(Transmit::Frame(frame)), None);
        }
        if !core.common.is_closing() {
            return (None, None);
        }
        if self.has_said_close {
            return (None, core.common.take_closing());
        }
        self.has_said_close = true;
        let frame = codec::encode_frame(core.common.revision, Packet::Close, self.binary);
        (Some(Transmit::Frame(frame)), None)
    }

    /// The heartbeat, then messages.
    #[inline]
    pub(super) fn next_frame(&self, core: &mut Core, heartbeat: &mut Heartbeat) -> Option<Frame> {
        core.common.next_frame(heartbeat, self.binary)
    }
}

/// Why a session ends when its WebSocket fails.
pub(super) fn loss(why: Failure) -> ServerCloseReason {
    match why {
        Failure::Closed(code) => ServerCloseReason::Peer(Some(code)),
        Failure::Gone | Failure::TimedOut => ServerCloseReason::TransportLost,
        Failure::TooLarge => Violation::TooLarge.into(),
        Failure::Malformed => Violation::Framing.into(),
    }
}
