//! A session over one WebSocket.

use super::close::ClientCloseReason;
use super::core::Core;
use super::io::Transmit;
use crate::codec::{self, BinaryEncoding};
use crate::conn::ConnId;
use crate::heartbeat::Heartbeat;
use crate::packet::Packet;

/// A session over one WebSocket.
#[derive(Debug)]
pub(super) struct Framed {
    pub(super) conn: ConnId,
    /// `5` is to be sent, before anything else.
    owes_upgrade: bool,
}

impl Framed {
    /// A session that began on a WebSocket.
    pub(super) const fn opened(conn: ConnId) -> Self {
        Self { conn, owes_upgrade: false }
    }

    /// A session that moves to a WebSocket.
    pub(super) const fn upgraded(conn: ConnId) -> Self {
        Self { conn, owes_upgrade: true }
    }

    pub(super) fn has_frame(&self, core: &Core, heartbeat: &Heartbeat) -> bool {
        self.owes_upgrade || core.common.has_packet(heartbeat)
    }

    /// The end of the upgrade, the heartbeat, then messages, then the close packet, which comes
    /// with the reason why the session ends.
    pub(super) fn next(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
    ) -> (Option<Transmit>, Option<ClientCloseReason>) {
        let mut end = None;
        let packet = if self.owes_upgrade {
            self.owes_upgrade = false;
            Packet::Upgrade
        } else if let Some(packet) = core.common.next_packet(heartbeat) {
            packet
        } else if core.common.is_closing() {
            // All that is left is the hang-up, and it waits until it is pulled.
            end = core.common.take_closing();
            Packet::Close
        } else {
            return (None, None);
        };
        let frame = codec::encode_frame(core.common.revision, packet, BinaryEncoding::Raw);
        (Some(Transmit::Frame(frame)), end)
    }
}
