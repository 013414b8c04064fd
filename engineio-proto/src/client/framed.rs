//! A session over one WebSocket.

use core::time::Duration;

use super::close::{ClientCloseReason, loss};
use super::core::Core;
use super::io::Transmit;
use crate::close::CloseCode;
use crate::codec::{self, BinaryEncoding};
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::packet::Packet;

/// A session over one WebSocket.
#[derive(Debug)]
pub(super) struct Framed {
    pub(super) conn: ConnId,
    /// `5` is to be sent, before anything else.
    owes_upgrade: bool,
    /// The server's close packet came. Its close frame may follow, with a code.
    heard_close: bool,
}

impl Framed {
    /// A session that began on a WebSocket.
    pub(super) const fn opened(conn: ConnId) -> Self {
        Self { conn, owes_upgrade: false, heard_close: false }
    }

    /// A session that moves to a WebSocket.
    pub(super) const fn upgraded(conn: ConnId) -> Self {
        Self { conn, owes_upgrade: true, heard_close: false }
    }

    /// A frame came. The session outlives the close packet by a moment: the code of a close frame
    /// tells a restart from the end.
    pub(super) fn handle_frame(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
        frame: Frame,
    ) -> Result<(), ClientCloseReason> {
        if self.heard_close {
            return Ok(());
        }
        let max_payload = core.config.max_payload();
        match core.common.handle_frame(heartbeat, frame, max_payload) {
            Err(reason @ ClientCloseReason::Server(None)) if !core.common.is_closing() => {
                self.heard_close = true;
                core.common.close(core.common.now + CLOSE_FRAME_PATIENCE, reason, false);
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Why the session ends when its WebSocket fails.
    pub(super) fn loss(&self, why: Failure) -> ClientCloseReason {
        if !self.heard_close {
            return loss(why);
        }
        ClientCloseReason::Server(match why {
            Failure::Closed(code) if code != CloseCode::ABNORMAL => Some(code),
            Failure::Closed(_)
            | Failure::Gone
            | Failure::TooLarge
            | Failure::Malformed
            | Failure::TimedOut => None,
        })
    }

    pub(super) fn has_frame(&self, core: &Core, heartbeat: &Heartbeat) -> bool {
        !self.heard_close && (self.owes_upgrade || core.common.has_packet(heartbeat))
    }

    /// The end of the upgrade, the heartbeat, then messages, then the close packet, which comes
    /// with the reason why the session ends.
    pub(super) fn next(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
    ) -> (Option<Transmit>, Option<ClientCloseReason>) {
        if self.heard_close {
            return (None, None);
        }
        let mut end = None;
        let packet = if self.owes_upgrade {
            self.owes_upgrade = false;
            Packet::Upgrade
        } else if let Some(frame) = core.common.next_frame(heartbeat, BinaryEncoding::Raw) {
            return (Some(Transmit::Frame(frame)), None);
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

/// How long the close frame may take behind the close packet. Servers write them together.
const CLOSE_FRAME_PATIENCE: Duration = Duration::from_secs(1);
