//! A WebSocket that asks to take over from polling.

use core::mem;
use core::time::Duration;

use bytestring::ByteString;

use super::core::Core;
use super::framed::Framed;
use super::io::Transmit;
use crate::codec::{self, BinaryEncoding};
use crate::conn::ConnId;
use crate::frame::Frame;
use crate::packet::Packet;
use crate::time::Instant;

/// A WebSocket on trial, beside polling.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) conn: ConnId,
    binary: BinaryEncoding,
    /// By when it has to get on.
    pub(super) by: Instant,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Open, but silent.
    Silent,
    /// `2probe` came: the client stops polling as soon as its GET is answered.
    Probed {
        /// The answer to a `2probe` wasn't pulled yet.
        owes_pong: bool,
        /// How many further GETs are answered at once.
        quick_polls: u8,
    },
}

/// The result of a frame.
pub(super) enum Progress {
    /// The first `2probe`: the GET that waits is in the way now.
    Begun,
    /// Another one.
    Repeated,
    /// `5`: everything goes over this WebSocket from now on.
    Upgraded(Framed),
    /// Anything else.
    Failed,
}

impl Probe {
    pub(super) const fn new(conn: ConnId, binary: BinaryEncoding, by: Instant) -> Self {
        Self { conn, binary, by, stage: Stage::Silent }
    }

    /// A frame came.
    pub(super) fn handle_frame(&mut self, core: &mut Core, frame: Frame) -> Progress {
        match codec::decode_frame(core.common.revision, frame) {
            Ok(Packet::Ping(data)) if *data == *PROBE => self.probed(core),
            Ok(Packet::Upgrade) => {
                if let Some(pong) = self.pong(core) {
                    core.replies.push(self.conn, pong);
                }
                Progress::Upgraded(Framed::new(self.conn, self.binary))
            }
            Ok(_) | Err(_) => Progress::Failed,
        }
    }

    fn probed(&mut self, core: &Core) -> Progress {
        match &mut self.stage {
            Stage::Probed { owes_pong, .. } => {
                *owes_pong = true;
                Progress::Repeated
            }
            Stage::Silent => {
                // Clients can't go back to polling once they saw `3probe`.
                self.by = core.common.now + core.config.ping_timeout();
                self.stage = Stage::Probed { owes_pong: true, quick_polls: QUICK_POLLS };
                Progress::Begun
            }
        }
    }

    /// `3probe`, if it is owed.
    pub(super) fn pong(&mut self, core: &Core) -> Option<Transmit> {
        let Stage::Probed { owes_pong, .. } = &mut self.stage else { return None };
        if !mem::replace(owes_pong, false) {
            return None;
        }
        let pong = Packet::Pong(ByteString::from_static(PROBE));
        Some(Transmit::Frame(codec::encode_frame(core.common.revision, pong, self.binary)))
    }

    pub(super) const fn is_probed(&self) -> bool {
        matches!(self.stage, Stage::Probed { .. })
    }

    pub(super) const fn owes_pong(&self) -> bool {
        matches!(self.stage, Stage::Probed { owes_pong: true, .. })
    }

    /// From when on a GET that comes now is in the way. The first few at once; more
    /// of them mean that `3probe` was lost, and the client shouldn't spin meanwhile.
    pub(super) fn noop_at(&mut self, now: Instant) -> Option<Instant> {
        match &mut self.stage {
            Stage::Silent => None,
            Stage::Probed { quick_polls: 0, .. } => Some(now + SLOW_POLL),
            Stage::Probed { quick_polls, .. } => {
                *quick_polls -= 1;
                Some(now)
            }
        }
    }
}

/// The data of the ping and pong that probe.
const PROBE: &str = "probe";

/// How many GETs behind the one that waits at `2probe` are answered at once.
const QUICK_POLLS: u8 = 2;

/// How long later ones wait.
const SLOW_POLL: Duration = Duration::from_millis(100);
